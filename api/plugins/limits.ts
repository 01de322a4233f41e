/**
 * How often one may try. Counts stand in PostgreSQL under keyed hashes, never an address or a number in the clear.
 * Why these limits cannot lock an honest person out for another's attempts: docs/decisions/0008-limits-that-lock-nobody-out.md.
 */
import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import fp from 'fastify-plugin';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';

import type { Refusal } from '../../domain/refusal/refusals';
import { signInMethods, type SignInMethod } from '../../domain/sign-in/sign-in-methods';

type TooMany = Extract<Refusal, { code: 'tooManyAttempts' }>;

/** What is tried under a limit by person and address: each way in under one of its own, so that none closes another. */
export type Guarded = SignInMethod | 'quickLookup' | 'cardAccount' | 'mobileAuthentication' | 'family';

/** What is asked for under a limit by address alone. */
export type Paced =
  | 'challenge'
  | 'textQuestion'
  | 'cardBridge'
  | 'cardChallenge'
  | 'stationKey'
  | 'stationLook'
  | 'deviceCode'
  | 'familyAsked';

export interface LimitSettings {
  /** Failures of one address against one person. */
  readonly pair: { readonly points: number; readonly seconds: number };
  /** The same while a person is being guessed at from many addresses. */
  readonly pairUnderAttack: number;
  /** Failures of one address against anybody: generous, since a whole village may share one. */
  readonly address: { readonly points: number; readonly seconds: number };
  /** Failures of one browser against anybody: fewer, since it stands before one person at a time; 40 in a quarter of an hour when left out. */
  readonly browser?: { readonly points: number; readonly seconds: number };
  /** Failures against one person from all addresses that never succeeded, after which it counts as an attack. */
  readonly person: { readonly points: number; readonly seconds: number };
}

const eachWayIn: LimitSettings = {
  pair: { points: 6, seconds: 900 },
  pairUnderAttack: 2,
  address: { points: 200, seconds: 900 },
  person: { points: 60, seconds: 3_600 },
};

/** The same limits for each way in. */
export function forEachWayIn(settings: LimitSettings): Readonly<Record<SignInMethod, LimitSettings>> {
  return Object.fromEntries(signInMethods.map((method) => [method, settings])) as Record<
    SignInMethod,
    LimitSettings
  >;
}

export const limitSettings: Readonly<Record<Guarded, LimitSettings>> = {
  ...forEachWayIn(eachWayIn),
  mobileAuthentication: eachWayIn,
  // A child's card or an elder's birth date, as somebody signed in names them.
  family: eachWayIn,
  // Card, household register and present password, as they are tried on the card account's pages.
  cardAccount: eachWayIn,
  // Six digits are a million guesses: twenty in a quarter of an hour are one in fifty thousand for a stranger with many
  // addresses. New addresses are then refused for that way alone; an address from which the person came before is not.
  'app-otp': {
    pair: { points: 5, seconds: 900 },
    pairUnderAttack: 0,
    address: { points: 200, seconds: 900 },
    person: { points: 20, seconds: 900 },
  },
  // Three digits are a thousand guesses: thirty a day are three in a hundred for a stranger with many addresses.
  quickLookup: {
    pair: { points: 8, seconds: 86_400 },
    pairUnderAttack: 0,
    address: { points: 200, seconds: 900 },
    person: { points: 30, seconds: 86_400 },
  },
};

const pacing: Readonly<Record<Paced, { points: number; duration: number }>> = {
  challenge: { points: 600, duration: 60 },
  // A question in words is easy for a program: few an hour for one address, and so for each of its tries.
  textQuestion: { points: 60, duration: 3_600 },
  // Bridges that were never seen before: a school's computer room may set up a class at once.
  cardBridge: { points: 30, duration: 3_600 },
  // A row each for some minutes.
  cardChallenge: { points: 300, duration: 60 },
  // Keys of stations and staff are typed by hand, and seldom.
  stationKey: { points: 30, duration: 3_600 },
  // One member of staff helps some twenty people an hour; who looks up many more than that is asked why by the audit.
  stationLook: { points: 90, duration: 3_600 },
  // Eight characters cannot be guessed; this only keeps somebody from trying it all the same.
  deviceCode: { points: 200, duration: 900 },
  // Of one person who is signed in: a family is small, and each asking troubles the registry and perhaps an elder.
  familyAsked: { points: 20, duration: 86_400 },
};

/** An address or a browser from which somebody proved who they are counts as known to them for this long. */
const knownSeconds = 180 * 86_400;

/** Where a try comes from. */
export interface Source {
  readonly address: string;
  /** The mark of the browser, where it has one that it did not just get. */
  readonly browser?: string;
}

/** A try that was let through. */
export interface Attempt {
  /**
   * True when too much was tried against this person: the answer must then be the neutral one, whatever is true.
   * Only the quick lookup is limited in this way, since telling would tell that there is something to guess.
   */
  readonly answerAsMiss: boolean;
  /**
   * Takes back what the try counted and remembers the address as known to the person, and the browser that holds
   * `mark`. Answers the keys under which they are remembered.
   */
  succeeded(mark?: string): Promise<readonly string[]>;
  /** Takes back what the try counted, when it failed through no fault of who tried. */
  withdrawn(): Promise<void>;
}

export interface Limits {
  /** Counts a try before it is made, so that many at once cannot pass together. */
  begin(what: Guarded, source: Source, personNumber: string): Promise<Attempt | TooMany>;
  /** Forgets what `succeeded` remembered: the person says that it was not them. */
  forget(knownAs: readonly string[]): Promise<void>;
  /** Counts something that only costs us work; `undefined` when it may be done. */
  pace(what: Paced, address: string): Promise<TooMany | undefined>;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly limits: Limits;
  }
}

export interface LimitsPluginOptions {
  /** Other numbers than the usual ones, for tests. */
  readonly settings?: Readonly<Record<Guarded, LimitSettings>>;
}

export const limitsPlugin = fp<LimitsPluginOptions>(
  async (app, options) => {
    const settings = options.settings ?? limitSettings;
    const { pool, keys } = app.ledger;
    const hashed = (...parts: readonly string[]): string =>
      createHmac('sha256', keys.indexKey)
        .update(JSON.stringify(['limit', ...parts]))
        .digest('base64url');
    const stored = (keyPrefix: string, points: number, duration: number): RateLimiterPostgres =>
      new RateLimiterPostgres({
        storeClient: pool,
        tableName: 'rate_limit',
        tableCreated: true,
        clearExpiredByTimeout: false,
        keyPrefix,
        points,
        duration,
        // Who is far over the limit is refused from memory: an attack must not cost the database a row a try.
        inMemoryBlockOnConsumed: points + 1,
      });
    const guards = Object.fromEntries(
      Object.entries(settings).map(([what, each]) => [what, guardOf(what, each, stored)]),
    ) as Readonly<Record<Guarded, ReturnType<typeof guardOf>>>;
    const known = stored('known', 1_000_000, knownSeconds);
    const paces = {
      challenge: new RateLimiterMemory({ keyPrefix: 'challenge', ...pacing.challenge }),
      textQuestion: stored('textQuestion', pacing.textQuestion.points, pacing.textQuestion.duration),
      cardBridge: stored('cardBridge', pacing.cardBridge.points, pacing.cardBridge.duration),
      cardChallenge: new RateLimiterMemory({ keyPrefix: 'cardChallenge', ...pacing.cardChallenge }),
      stationKey: stored('stationKey', pacing.stationKey.points, pacing.stationKey.duration),
      stationLook: stored('stationLook', pacing.stationLook.points, pacing.stationLook.duration),
      deviceCode: stored('deviceCode', pacing.deviceCode.points, pacing.deviceCode.duration),
      familyAsked: stored('familyAsked', pacing.familyAsked.points, pacing.familyAsked.duration),
    };

    const limits: Limits = {
      async begin(what, { address: rawAddress, browser }, personNumber) {
        const guard = guards[what];
        const address = hashed('address', networkOf(rawAddress));
        const person = hashed('person', personNumber);
        const pair = hashed('pair', networkOf(rawAddress), personNumber);
        const browserPair = (mark: string): string => hashed('browserPair', mark, personNumber);
        const isKnown = async (key: string | undefined): Promise<boolean> =>
          key !== undefined && (await known.get(key)) !== null;
        const [addressKnown, browserKnown] = await Promise.all([
          isKnown(pair),
          isKnown(browser === undefined ? undefined : browserPair(browser)),
        ]);

        const counted: Counted[] = [];
        const count = async (limiter: RateLimiterAbstract, key: string): Promise<Consumption> => {
          const consumption = await consume(limiter, key);
          counted.push({ limiter, key });
          return consumption;
        };
        let own: Consumption;
        let allowed = guard.settings.pair.points;
        if (browser !== undefined && browserKnown) {
          // The person's own browser answers for itself, whatever others try from the same address.
          own = await count(guard.pair, browserPair(browser));
        } else {
          const perAddress = await count(guard.address, address);
          if (perAddress.refusal) return perAddress.refusal;
          if (browser !== undefined) {
            const perBrowser = await count(guard.browser, hashed('browser', browser));
            if (perBrowser.refusal) return perBrowser.refusal;
          }
          own = await count(guard.pair, pair);
          // A known address neither counts against the person nor suffers from what others tried.
          const perPerson = addressKnown ? undefined : await consume(guard.person, person);
          if (perPerson?.refusal) allowed = guard.settings.pairUnderAttack;
          else if (perPerson) counted.push({ limiter: guard.person, key: person });
        }
        const over = own.consumed > allowed;
        if (what !== 'quickLookup' && over) {
          return { code: 'tooManyAttempts', retryAfterSeconds: Math.ceil(own.msBeforeNext / 1000) || 1 };
        }
        const takeBack = async (): Promise<void> => {
          for (const { limiter, key } of counted) await limiter.reward(key, 1);
        };
        return {
          answerAsMiss: over,
          async succeeded(mark) {
            await takeBack();
            await guard.pair.delete(browser !== undefined && browserKnown ? browserPair(browser) : pair);
            const knownAs = [pair, ...(mark === undefined ? [] : [browserPair(mark)])];
            await Promise.all(knownAs.map((key) => known.set(key, 1, knownSeconds)));
            return knownAs;
          },
          withdrawn: takeBack,
        };
      },
      async forget(knownAs) {
        for (const key of knownAs) await known.delete(key);
      },
      async pace(what, address) {
        return (await consume(paces[what], hashed('address', networkOf(address)))).refusal;
      },
    };
    app.decorate('limits', limits);
  },
  { name: 'limits', dependencies: ['ledger'] },
);

function guardOf(
  what: string,
  settings: LimitSettings,
  stored: (keyPrefix: string, points: number, duration: number) => RateLimiterPostgres,
) {
  const { browser = { points: 40, seconds: 900 } } = settings;
  return {
    settings,
    pair: stored(`${what}Pair`, settings.pair.points, settings.pair.seconds),
    address: stored(`${what}Address`, settings.address.points, settings.address.seconds),
    browser: stored(`${what}Browser`, browser.points, browser.seconds),
    person: stored(`${what}Person`, settings.person.points, settings.person.seconds),
  };
}

/** What a try counted, to be taken back when it succeeds. */
interface Counted {
  readonly limiter: RateLimiterAbstract;
  readonly key: string;
}

interface Consumption {
  readonly consumed: number;
  readonly msBeforeNext: number;
  readonly refusal: TooMany | undefined;
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<Consumption> {
  try {
    const { consumedPoints, msBeforeNext } = await limiter.consume(key);
    return { consumed: consumedPoints, msBeforeNext, refusal: undefined };
  } catch (over) {
    // The library throws its result when the limit is passed, and an error when the store failed.
    if (!(over instanceof RateLimiterRes)) throw over;
    const retryAfterSeconds = Math.max(1, Math.ceil(over.msBeforeNext / 1000));
    return {
      // Refused from memory it does not know the count any more; it is beyond every limit then.
      consumed: over.consumedPoints || Number.MAX_SAFE_INTEGER,
      msBeforeNext: over.msBeforeNext,
      refusal: { code: 'tooManyAttempts', retryAfterSeconds },
    };
  }
}

/** What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('%', 1)[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
