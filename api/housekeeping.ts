/** Removes what has expired at the edges: spent challenges, ended sessions, kept answers, drafts, old counts, links and mails. */
import { sql } from 'kysely';

import { tellOfAssistance } from '../ledger/assistance-text';
import { sweepCardChallenges } from '../ledger/card-challenge';
import { sweepConfirmations } from '../ledger/account-confirmation';
import { sweepChallenges } from '../ledger/challenge';
import type { Ledger } from '../ledger/database';
import { sweepDeviceCodes } from '../ledger/device-code';
import { sweepDrafts } from '../ledger/draft';
import { sweepAnswers } from '../ledger/idempotency';
import { sweepMails } from '../ledger/mail-message';
import { sweepMobileAuthentications } from '../ledger/mobile-authentication';
import { sweepEndedSessions } from '../ledger/session';
import { sweepStationSessions } from '../ledger/station-session';
import { sweepSignIns } from '../ledger/sign-in';
import { sweepWaitingRoom } from '../ledger/waiting-room';
import { sessionLifeMs } from './plugins/session';
import { ticketLifeMs } from './waiting-room/ticket';

/** Rows removed, by what they were. */
export type Swept = Readonly<
  Record<
    | 'challenges'
    | 'sessions'
    | 'answers'
    | 'drafts'
    | 'limits'
    | 'draws'
    | 'stations'
    | 'signIns'
    | 'cardChallenges'
    | 'links'
    | 'mails'
    | 'deviceCodes'
    | 'mobileAuthentications',
    number
  >
>;

/** Sweeps once. Safe from several processes at the same time. */
export async function sweep(ledger: Ledger): Promise<Swept> {
  return {
    challenges: await sweepChallenges(ledger),
    cardChallenges: await sweepCardChallenges(ledger),
    sessions: await sweepEndedSessions(ledger, sessionLifeMs),
    answers: await sweepAnswers(ledger),
    drafts: await sweepDrafts(ledger),
    limits: await sweepLimits(ledger),
    draws: await sweepWaitingRoom(ledger, ticketLifeMs),
    stations: await sweepStationSessions(ledger),
    signIns: await sweepSignIns(ledger),
    links: await sweepConfirmations(ledger),
    mails: await sweepMails(ledger),
    deviceCodes: await sweepDeviceCodes(ledger),
    mobileAuthentications: await sweepMobileAuthentications(ledger),
  };
}

async function sweepLimits(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`delete from rate_limit where expire < ${Date.now()}`.execute(
    ledger.db,
  );
  return Number(numAffectedRows ?? 0n);
}

const everyMs = 10 * 60_000;

/**
 * Sweeps every ten minutes until it is stopped, and tells people of acts of staff whose text a crash prevented; what
 * failed is made up for by the next.
 */
export function keepHouse(ledger: Ledger, failed: (error: unknown) => void): { stop(): void } {
  const round = async (): Promise<void> => {
    await sweep(ledger);
    await tellOfAssistance(ledger);
  };
  const timer = setInterval(() => void round().catch(failed), everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
