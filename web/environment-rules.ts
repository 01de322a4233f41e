/**
 * With which computers and browsers the ways work: those with a card in a reader, and the app's code (seed 002). A
 * table, so that a change is one line; what a browser says of itself is read by `bowser`.
 */
import Bowser from 'bowser';

/** The ways that check the environment before their sign-in page opens. */
export const checkedWays = ['card', 'app', 'certificate'] as const;
export type CheckedWay = (typeof checkedWays)[number];

/** One line of the check: what was found, and whether it will do. */
export interface EnvironmentFinding {
  /** E.g. `Windows 10` or `Chrome 142`; empty when the browser does not say. */
  readonly found: string;
  readonly passed: boolean;
}

export interface Environment {
  readonly system: EnvironmentFinding;
  readonly browser: EnvironmentFinding;
}

/** Readers have drivers on these; a telephone has none, and there the app is the way. */
const systemsFor: Readonly<Record<CheckedWay, readonly string[]>> = {
  card: ['Windows', 'macOS', 'Linux'],
  certificate: ['Windows', 'macOS', 'Linux'],
  app: ['Windows', 'macOS', 'Linux', 'Chrome OS', 'Android', 'iOS'],
};

/** Safari is missing: from a secure page it does not let anything speak to the bridge on the same computer. */
const browsersForCards = { Chrome: 109, 'Microsoft Edge': 109, Firefox: 115, Chromium: 109, Opera: 95 };

/** Oldest version that will do. */
const browsersFor: Readonly<Record<CheckedWay, Readonly<Record<string, number>>>> = {
  card: browsersForCards,
  certificate: browsersForCards,
  app: {
    ...{ Chrome: 100, 'Microsoft Edge': 100, Firefox: 100, Chromium: 100, Opera: 86 },
    ...{ Safari: 15, 'Samsung Internet for Android': 17 },
  },
};

/** What a browser says of itself, and whether that will do for the way. `userAgent` as it was sent, any text. */
export function environmentOf(userAgent: string, way: CheckedWay): Environment {
  // The library throws for an empty one.
  const { os, browser } = Bowser.parse(userAgent.slice(0, 500) || '-');
  const oldest = browsersFor[way][browser.name ?? ''];
  const version = Number.parseInt(browser.version ?? '', 10);
  return {
    system: {
      found: [os.name ?? '', os.name === 'Linux' ? '' : (os.version ?? '')].join(' ').trim(),
      passed: systemsFor[way].includes(os.name ?? ''),
    },
    browser: {
      found: [browser.name ?? '', Number.isNaN(version) ? '' : String(version)].join(' ').trim(),
      passed: oldest !== undefined && version >= oldest,
    },
  };
}
