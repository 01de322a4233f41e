/** What a browser says of itself, in two names that its owner recognises and that tell nobody else much. */
import Bowser from 'bowser';

export interface BrowserWords {
  /** e.g. `Chrome`; null where it cannot be told. */
  readonly browser: string | null;
  /** e.g. `Android`. */
  readonly operatingSystem: string | null;
}

const longestRead = 500;
const longestName = 40;

/** Names alone, without versions: enough to tell one's own telephone from a stranger's computer. */
export function browserWords(userAgent: string | undefined): BrowserWords {
  if (!userAgent) return { browser: null, operatingSystem: null };
  const { browser, os } = Bowser.parse(userAgent.slice(0, longestRead));
  return { browser: nameOf(browser.name), operatingSystem: nameOf(os.name) };
}

/** Where the library does not know a browser it repeats what came from outside: letters and spaces alone are kept. */
function nameOf(name: string | undefined): string | null {
  const kept = (name ?? '')
    .replace(/[^A-Za-z0-9 .+-]/g, '')
    .trim()
    .slice(0, longestName);
  return kept === '' ? null : kept;
}
