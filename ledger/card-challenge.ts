/** Challenges that a card bridge answers: issued for one session, page and purpose, good for two minutes and one use. */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import {
  challengeLifeSeconds,
  type CardChallenge,
  type CardPurpose,
  type IssuedChallenge,
} from '../domain/card-proof/card-proof';
import type { Instant } from '../domain/civil-time/plain-date';
import { bridgeOf, type CardBridge } from './card-bridge';
import type { Ledger, LedgerReader } from './database';

/** For whom and for what a card is about to be read. */
export interface ChallengeWish {
  readonly bridgeId: string;
  readonly purpose: CardPurpose;
  /** The signed-in session, the visit before signing in, or the station. */
  readonly session: string;
  readonly origin: string;
}

/** A challenge as it was issued; times are real time, whatever clock the demonstration steps. */
export interface OpenChallenge extends CardChallenge {
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

/** Issues a challenge; `undefined` when no bridge that is enrolled and not revoked has this id. */
export async function issueCardChallenge(
  db: LedgerReader,
  wish: ChallengeWish,
): Promise<OpenChallenge | undefined> {
  const challengeId = randomUUID();
  const nonce = randomBytes(32);
  const { rows } = await sql<{ issued_at: Date; expires_at: Date }>`
    insert into card_challenge (challenge_id, bridge_id, purpose, session, origin, nonce, issued_at, expires_at)
    select ${challengeId}::uuid, bridge_id, ${wish.purpose}, ${wish.session}, ${wish.origin}, ${nonce},
      now.at, now.at + ${challengeLifeSeconds} * interval '1 second'
    from card_bridge, (select clock_timestamp() as at) as now
    where bridge_id = ${wish.bridgeId}::uuid and revoked_at is null
    returning issued_at, expires_at
  `.execute(db);
  const [row] = rows;
  return (
    row && {
      challengeId,
      nonce: nonce.toString('base64url'),
      purpose: wish.purpose,
      issuedAt: row.issued_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
    }
  );
}

/** A challenge with the bridge that it was issued for, and the real time of the ledger. */
export interface ChallengeToAnswer {
  readonly challenge: IssuedChallenge;
  readonly bridge: CardBridge;
  readonly now: Instant;
}

/** Reads a challenge that is about to be answered; `undefined` when there is none of this id. */
export async function readCardChallenge(
  db: LedgerReader,
  challengeId: string,
): Promise<ChallengeToAnswer | undefined> {
  const row = await db
    .selectFrom('card_challenge as c')
    .innerJoin('card_bridge as b', 'b.bridge_id', 'c.bridge_id')
    .select(['c.purpose', 'c.session', 'c.origin', 'c.nonce', 'c.issued_at', 'c.expires_at', 'c.spent_at'])
    .select(['b.bridge_id', 'b.public_key', 'b.name', 'b.station_id', 'b.enrolled_at', 'b.revoked_at'])
    .select(sql<Date>`clock_timestamp()`.as('now'))
    .where('c.challenge_id', '=', challengeId)
    .executeTakeFirst();
  return (
    row && {
      challenge: {
        bridgeId: row.bridge_id,
        nonce: row.nonce.toString('base64url'),
        purpose: row.purpose,
        session: row.session,
        origin: row.origin,
        issuedAt: row.issued_at.toISOString(),
        expiresAt: row.expires_at.toISOString(),
        spentAt: row.spent_at?.toISOString() ?? null,
      },
      bridge: bridgeOf(row),
      now: row.now.toISOString(),
    }
  );
}

/**
 * Spends a challenge. True for the first alone, on whichever process, and only while it has not expired and its bridge
 * was not revoked.
 */
export async function spendCardChallenge(db: LedgerReader, challengeId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update card_challenge c set spent_at = clock_timestamp()
    where challenge_id = ${challengeId}::uuid and spent_at is null and expires_at > clock_timestamp()
      and exists (select from card_bridge b where b.bridge_id = c.bridge_id and b.revoked_at is null)
  `.execute(db);
  return numAffectedRows === 1n;
}

/** Removes challenges an hour after they expired: until then whoever hands one in late reads why. Answers how many. */
export async function sweepCardChallenges(ledger: Ledger): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from card_challenge where expires_at < clock_timestamp() - interval '1 hour'
  `.execute(ledger.db);
  return Number(numAffectedRows ?? 0n);
}
