/**
 * Who is signed in: a sealed cookie that ends ten minutes after the last act and two hours after signing in.
 * A session that was ended (signed out) is refused by every write inside its own transaction, and by reads
 * against what is remembered for at most a second.
 */
import { createHmac, randomUUID } from 'node:crypto';
import secureSession, { type Session } from '@fastify/secure-session';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import type { CommandContext } from '../../ledger/citizen-command';
import type { AssistanceReason, StationKind } from '../../domain/station/station';
import type { FamilyKind } from '../../domain/family/family-bond';
import { familyChannel } from '../../ledger/family-bond';
import { endSession, isSessionEnded } from '../../ledger/session';
import { recordSignIn, type SignInFacts, type SignInView } from '../../ledger/sign-in';
import { staffChannel } from '../../ledger/station-look';
import { beginStationSession } from '../../ledger/station-session';
import { browserWords } from '../browser-words';
import { RefusedRequest } from '../problems';

/** Without an act for this long the session is over (rules: 登入後 10 分鐘). */
export const sessionIdleMs = 10 * 60_000;
/**
 * The same at a station, where the next person stands behind: a minute and a half, of which the last half is announced
 * and may be prolonged as often as one likes (WCAG 2.2.1).
 */
export const stationIdleMs = 90_000;
/** However active, after this long one signs in again. */
export const sessionLifeMs = 2 * 3_600_000;
/** How long a read trusts that a session was not ended elsewhere. */
const revocationFreshMs = 1_000;
const revocationsHeld = 10_000;
/** A station's browser is asked for its key again after so long, however well it is looked after. */
const stationDeviceSeconds = 90 * 86_400;

/** The station that began a session, and who there acts for the person. */
export interface StationOfSession {
  readonly stationId: string;
  readonly kind: StationKind;
  readonly nameZh: string;
  readonly nameEn: string;
  /** Absent where the person's own card was read. */
  readonly assistedBy?: { readonly staffId: string; readonly reason: AssistanceReason };
}

/** The member of one's family for whom one acts (家人代辦). */
export interface ActingFor {
  readonly familyBondId: string;
  readonly kind: FamilyKind;
}

export interface SignedInCitizen {
  /** Whom the request concerns: who signed in, or for whom they act where that is possible (`plugins/acting-for`). */
  readonly personKey: string;
  /** Who signed in. */
  readonly signedInAs: string;
  /** Null where the request concerns who signed in. */
  readonly actingFor: ActingFor | null;
  readonly sessionId: string;
  readonly signedInAt: Date;
  readonly lastActAt: Date;
  /** When it ends unless something is done before. */
  readonly expiresAt: Date;
  /** Null for who came in by themselves. */
  readonly station: StationOfSession | null;
}

/** What a station's own browser keeps, in a cookie of its own. */
interface StationDevice {
  stationId: string;
  /** Which of its keys was typed, epoch milliseconds; a later one ends this cookie. */
  enrolledAt: number;
  /** Who of the designated staff works here, with which of their keys, since when, and when they last did something. */
  staff: { staffId: string; designatedAt: number; since: number; lastActAt: number } | undefined;
}

/** By which way somebody came in; the browser is read from the request. */
export type HowSignedIn = Omit<SignInFacts, 'browser' | 'operatingSystem'>;

declare module '@fastify/secure-session' {
  interface SessionData {
    personKey: string;
    sessionId: string;
    /** Epoch milliseconds, real time: the stepping clock does not touch security lifetimes. */
    signedInAt: number;
    lastActAt: number;
    /** Why the session that this cookie held is over: nothing was done for long, or it was ended elsewhere. */
    over: 'lapsed' | 'ended' | undefined;
    /** Stays when the session is over, so that the page after it is the station's. */
    station: StationOfSession | undefined;
    /** For whom the pages act, and who chose that: it stays when the session lapses, for who signs in again. */
    actingFor: { familyBondId: string; byKey: string; forKey: string; maskedName: string } | undefined;
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    stationDevice: Session<StationDevice>;
    /** The person whose session this is; `null` when nobody is signed in or the session is over. */
    citizen: SignedInCitizen | null;
    /** True when a session came with the request but is over: its owner should read that, not "sign in". */
    sessionIsOver: boolean;
    /**
     * Whose session ran out by time, `null` otherwise. Good for keeping what they had just typed until they sign in
     * again (WCAG 2.2.1), never for showing anything.
     */
    personOfLapsedSession: string | null;
    /**
     * Whose session was ended elsewhere or by their own last act, `null` otherwise. Good for repeating the answer to
     * that act, and for nothing else.
     */
    personOfEndedSession: string | null;
    /** The signed-in person; refuses with `sessionRequired` or `sessionEnded`. */
    requireCitizen(): SignedInCitizen;
    /**
     * Begins a session of the person, with an id of its own, and writes down how they came in; what else the cookie
     * held (form secrets) stays. Refuses with `stationUnknown` where a station begins it whose key has just ended.
     */
    signIn(personKey: string, how: HowSignedIn, station?: StationOfSession): Promise<SignedInCitizen>;
    /** Ends the session everywhere and removes the cookie. */
    signOut(): Promise<void>;
    /** What ledger commands need to know of this request. `channel`: `api` or `web`. */
    commandContext(channel: string): CommandContext;
  }
  interface FastifyContextConfig {
    /** `false`: asking this does not prolong the session (countdowns, status). */
    act?: boolean;
    /** `false`: the route has nothing to do with sessions and works without a database. */
    session?: boolean;
    /**
     * `byCommand`: the route does nothing but a command of the ledger, which refuses an ended session inside its own
     * transaction; it is not asked about beforehand as well.
     */
    revocation?: 'byCommand';
  }
}

/**
 * What the visit proved before somebody signed in: at a shared computer it may have been the person before. It ends
 * here, so that nobody goes on with another one's card.
 */
const provedBefore = ['cardRead', 'mobileAuthentication', 'deviceCodeId'] as const;

declare module '@fastify/secure-session' {
  interface SessionData {
    /** The device code that this session made: its page may be looked at again. */
    deviceCodeId: string | undefined;
  }
}

export interface SessionPluginOptions {
  /** 32 bytes. */
  readonly key: Buffer;
  /** True when citizens come by https. */
  readonly secure: boolean;
}

/** What a browser fetches by itself while it shows a page is no act of the person. */
const passiveDestinations = new Set([
  'audio',
  'font',
  'image',
  'manifest',
  'script',
  'style',
  'video',
  'worker',
]);

export const sessionPlugin = fp<SessionPluginOptions>(
  async (app, { key, secure }) => {
    const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
    await app.register(secureSession, [
      {
        key,
        sessionName: 'session',
        cookieName: sessionCookieName(secure),
        // The cookie's own limit stands behind ours, for a clock that was set back.
        expiry: sessionLifeMs / 1000 + 60,
        cookie,
      },
      {
        // A key of its own: the one cookie must never pass for the other.
        key: createHmac('sha256', key).update('station device').digest(),
        sessionName: 'stationDevice',
        cookieName: `${sessionCookieName(secure)}-station`,
        expiry: stationDeviceSeconds,
        cookie: { ...cookie, maxAge: stationDeviceSeconds },
      },
    ]);
    const revocations = new Revocations(app);
    app.decorateRequest('citizen', null);
    app.decorateRequest('sessionIsOver', false);
    app.decorateRequest('personOfLapsedSession', null);
    app.decorateRequest('personOfEndedSession', null);
    app.decorateRequest('requireCitizen', requireCitizen);
    app.decorateRequest('signIn', signIn);
    app.decorateRequest('signOut', signOut);
    app.decorateRequest('commandContext', commandContext);

    app.addHook('onRequest', (request, _reply, done) => {
      const { session, revocation } = request.routeOptions.config ?? {};
      const found = session === false ? null : sessionOf(request);
      if (!found) return done();
      const goOn = (revoked: boolean): void => {
        admit(request, found, revoked);
        done();
      };
      if (revocation === 'byCommand') return goOn(revocations.isKnownEnded(found.sessionId));
      revocations.isEnded(found.sessionId).then(goOn, done);
    });

    async function endOwnSession(request: FastifyRequest): Promise<void> {
      const { citizen } = request;
      if (!citizen) return;
      await endSession(app.ledger, citizen.sessionId);
      revocations.remember(citizen.sessionId, true);
      request.citizen = null;
    }

    async function signIn(
      this: FastifyRequest,
      personKey: string,
      how: HowSignedIn,
      station?: StationOfSession,
    ): Promise<SignedInCitizen> {
      // Whoever signs in anew leaves the session that they had: a copy of its cookie must not go on beside it.
      await endOwnSession(this);
      const now = Date.now();
      const sessionId = randomUUID();
      if (station) {
        const begun = await beginStationSession(app.ledger.db, sessionId, station);
        if (!begun.ok) throw new RefusedRequest(begun.refusal);
      }
      await recordSignIn(app.ledger.db, {
        ...how,
        ...browserWords(this.headers['user-agent']),
        ...{ sessionId, personKey },
      });
      for (const proved of provedBefore) this.session.set(proved, undefined);
      this.session.set('personKey', personKey);
      this.session.set('sessionId', sessionId);
      this.session.set('signedInAt', now);
      this.session.set('lastActAt', now);
      this.session.set('over', undefined);
      this.session.set('station', station);
      if (station || this.session.get('actingFor')?.byKey !== personKey)
        this.session.set('actingFor', undefined);
      this.sessionIsOver = false;
      this.citizen = citizenOf({ personKey, sessionId, station: station ?? null }, now, now);
      return this.citizen;
    }

    async function signOut(this: FastifyRequest): Promise<void> {
      await endOwnSession(this);
      this.session.delete();
    }
  },
  { name: 'session', dependencies: ['ledger'] },
);

/** Takes the session for this request, and prolongs it when the person did something; one that is over is let go. */
function admit(request: FastifyRequest, found: SignedInCitizen, revoked: boolean): void {
  if (revoked || found.expiresAt.getTime() <= Date.now()) {
    request.sessionIsOver = true;
    request.personOfLapsedSession = revoked ? null : found.personKey;
    request.personOfEndedSession = revoked ? found.personKey : null;
    forget(request, revoked ? 'ended' : 'lapsed');
    return;
  }
  request.citizen = found;
  if (!isAct(request)) return;
  const now = Date.now();
  request.session.set('lastActAt', now);
  request.citizen = citizenOf(found, found.signedInAt.getTime(), now);
}

/** With https the `__Host-` prefix ties the cookie to this origin alone. */
export function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-yiyue' : 'yiyue';
}

function isAct(request: FastifyRequest): boolean {
  if (request.routeOptions.config?.act === false) return false;
  return !passiveDestinations.has(String(request.headers['sec-fetch-dest'] ?? ''));
}

function sessionOf(request: FastifyRequest): SignedInCitizen | null {
  const personKey = request.session.get('personKey');
  const sessionId = request.session.get('sessionId');
  const signedInAt = request.session.get('signedInAt');
  const lastActAt = request.session.get('lastActAt');
  if (!personKey || !sessionId || !signedInAt || !lastActAt) return null;
  const station = request.session.get('station') ?? null;
  return citizenOf({ personKey, sessionId, station }, signedInAt, lastActAt);
}

function citizenOf(
  { personKey, sessionId, station }: Pick<SignedInCitizen, 'personKey' | 'sessionId' | 'station'>,
  signedInAt: number,
  lastActAt: number,
): SignedInCitizen {
  // Staff on the telephone have a desk of their own; who put in a card has others waiting behind them.
  const idleMs = station && !station.assistedBy ? stationIdleMs : sessionIdleMs;
  return {
    ...{ personKey, sessionId, station },
    ...{ signedInAs: personKey, actingFor: null },
    signedInAt: new Date(signedInAt),
    lastActAt: new Date(lastActAt),
    expiresAt: new Date(Math.min(lastActAt + idleMs, signedInAt + sessionLifeMs)),
  };
}

function requireCitizen(this: FastifyRequest): SignedInCitizen {
  if (this.citizen) return this.citizen;
  throw new RefusedRequest({ code: this.sessionIsOver ? 'sessionEnded' : 'sessionRequired' });
}

/** May the session of that sign-in still be in use? Whether it lapsed before its end only its cookie knows. */
export function mayStillBeSignedIn({ at, ended }: Pick<SignInView, 'at' | 'ended'>): boolean {
  return !ended && Date.now() - Date.parse(at) < sessionLifeMs;
}

/** Takes the person out of the cookie but leaves what forms keep there, and why, for the page that says so. */
function forget(request: FastifyRequest, why: 'lapsed' | 'ended'): void {
  request.session.set('over', why);
  if (why === 'ended') request.session.set('actingFor', undefined);
  request.session.set('personKey', undefined);
  request.session.set('sessionId', undefined);
}

function commandContext(this: FastifyRequest, channel: string): CommandContext {
  const { idempotency } = this;
  return {
    ...contextOf(this.requireCitizen(), channel),
    ...(idempotency ? { idempotency } : {}),
  };
}

/** Who acts for whom in a session, as ledger and history name them. */
export function contextOf(citizen: SignedInCitizen, channel: string): CommandContext {
  const { personKey, sessionId, station, signedInAs, actingFor } = citizen;
  const who = { personKey, sessionId };
  if (station) return { ...who, ...actingAt(station) };
  if (!actingFor) return { ...who, actor: 'citizen', channel };
  return {
    ...who,
    actor: 'citizen',
    channel: familyChannel(actingFor.familyBondId, signedInAs),
    inFamily: actingFor,
  };
}

/** Who acts in a session that a station began, as the history names them. */
function actingAt({ stationId, assistedBy }: StationOfSession): Pick<CommandContext, 'actor' | 'channel'> {
  return assistedBy
    ? { actor: 'staff', channel: staffChannel(stationId, assistedBy.staffId) }
    : { actor: 'station', channel: `station:${stationId}` };
}

/** Which sessions were found ended or live, and when; bounded, oldest first out. */
class Revocations {
  readonly #held = new Map<string, { ended: boolean; askedAt: number }>();

  constructor(private readonly app: FastifyInstance) {}

  async isEnded(sessionId: string): Promise<boolean> {
    const known = this.#held.get(sessionId);
    if (known && (known.ended || performance.now() - known.askedAt < revocationFreshMs)) return known.ended;
    const ended = await isSessionEnded(this.app.ledger.db, sessionId);
    this.remember(sessionId, ended);
    return ended;
  }

  /** By what is remembered alone. */
  isKnownEnded(sessionId: string): boolean {
    return this.#held.get(sessionId)?.ended ?? false;
  }

  remember(sessionId: string, ended: boolean): void {
    this.#held.delete(sessionId);
    this.#held.set(sessionId, { ended, askedAt: performance.now() });
    if (this.#held.size <= revocationsHeld) return;
    const oldest = this.#held.keys().next();
    if (!oldest.done) this.#held.delete(oldest.value);
  }
}
