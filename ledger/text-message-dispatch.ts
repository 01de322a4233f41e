/** The way of text messages out of the house: claimed by senders that share one pace, and counted while they wait. */
import { sql } from 'kysely';

import type { LedgerDb, LedgerReader } from './database';

/** A text taken for sending until its lease ends. */
export interface ClaimedText {
  readonly textMessageId: string;
  /** Submissions so far, this one included. */
  readonly attempt: number;
  /**
   * How long ago an earlier submission went out whose answer is missing; null for one that the gateway cannot have.
   * Such a text is asked for or submitted again under the same id, never sent as new.
   */
  readonly unknownForMs: number | null;
}

/** A code of our own under which a text ends: too late to help. */
const lapsed = 'lapsed';

/** Texts with their turn: the first may be submitted in `startsInMs`, each next one `everyMs` after the one before. */
export interface PacedTexts {
  readonly texts: readonly ClaimedText[];
  readonly startsInMs: number;
  readonly everyMs: number;
}

/**
 * Takes new turns for texts that are claimed already and missed theirs: the first in so many milliseconds, each next
 * one `1000 / ratePerSecond` later.
 */
export async function takeTurns(db: LedgerReader, count: number, ratePerSecond: number): Promise<number> {
  const { rows } = await sql<{ starts_in_ms: number }>`
    with turns as (select ${(count * 1_000) / ratePerSecond}::float8 * interval '1 millisecond' as last)
    update text_pace set next_at = greatest(next_at, clock_timestamp()) + turns.last from turns
    returning greatest(extract(epoch from next_at - turns.last - clock_timestamp()) * 1000, 0)::float8 as starts_in_ms
  `.execute(db);
  return rows[0]?.starts_in_ms ?? 0;
}

/**
 * No lawful turn lies further ahead than so long, or so many turns at a slow rate: one that does was taken before a
 * clock was set back, and nothing would be sent until the clock has come that far again.
 */
const furthestTurn = { ms: 10_000, turns: 500 } as const;

/** A claim takes milliseconds; a sender that froze in the middle of one must not stop all others. */
const frozenClaimMs = '5s';

/**
 * Takes texts as {@link claimTexts} does, and their turns from the pace that all senders share: together they never
 * submit more than `ratePerSecond`, however many they are. No turn is taken that lies further ahead than `aheadMs`,
 * so that a personal text waits no longer than that behind those claimed before it.
 */
export async function claimPaced(
  db: LedgerDb,
  claim: {
    readonly limit: number;
    readonly leaseMs: number;
    readonly ratePerSecond: number;
    readonly aheadMs: number;
    readonly inDoubtAtMost?: number | undefined;
  },
): Promise<PacedTexts> {
  const { leaseMs, ratePerSecond, aheadMs, inDoubtAtMost } = claim;
  const everyMs = 1_000 / ratePerSecond;
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('idle_in_transaction_session_timeout', ${frozenClaimMs}, true)`.execute(tx);
    const furthestMs = Math.max(furthestTurn.ms, furthestTurn.turns * everyMs);
    await sql`
      update text_pace set next_at = clock_timestamp()
      where next_at > clock_timestamp() + ${furthestMs}::float8 * interval '1 millisecond'
    `.execute(tx);
    const { rows } = await sql<{ starts_in_ms: number }>`
      select greatest(extract(epoch from next_at - clock_timestamp()) * 1000, 0)::float8 as starts_in_ms
      from text_pace for update
    `.execute(tx);
    const startsInMs = rows[0]?.starts_in_ms ?? 0;
    const turns = Math.max(0, Math.ceil((aheadMs - startsInMs) / everyMs));
    const limit = Math.min(claim.limit, turns);
    const texts = limit === 0 ? [] : await claimTexts(tx, { limit, leaseMs, inDoubtAtMost });
    if (texts.length === 0) return { texts, startsInMs, everyMs };
    // No lawful turn lies further ahead; after a clock was set back one would, and everything behind it would wait.
    const turnInMs = Math.min(await takeTurns(tx, texts.length, ratePerSecond), aheadMs);
    return { texts, startsInMs: turnInMs, everyMs };
  });
}

/**
 * Takes up to `limit` texts for `leaseMs`, personal ones before mass ones; several senders never take the same.
 * A text whose sender vanished comes again when its lease ends, as one with an unknown outcome. One that would help
 * nobody any more (`lapses_at`) is ended here and not handed out.
 *
 * With `inDoubtAtMost`, for a gateway that recognises no repeats, what is in doubt comes first and a new text only while
 * fewer than that are without a known outcome at all senders: so many people at most may get one twice. Two claims at
 * the same time could pass it, which the pace's row prevents in {@link claimPaced}.
 */
export async function claimTexts(
  db: LedgerReader,
  {
    limit,
    leaseMs,
    inDoubtAtMost,
  }: { readonly limit: number; readonly leaseMs: number; readonly inDoubtAtMost?: number | undefined },
): Promise<readonly ClaimedText[]> {
  const claimed: ClaimedText[] = [];
  const claim = async (lane: Lane, which: keyof typeof claimable, most: number): Promise<number> => {
    const texts = most > 0 ? await claimLane(db, lane, which, most, leaseMs) : [];
    claimed.push(...texts);
    return texts.length;
  };
  let room = inDoubtAtMost === undefined ? 0 : inDoubtAtMost - (await countInDoubt(db));
  for (const lane of ['personal', 'mass'] as const) {
    if (inDoubtAtMost === undefined) {
      await claim(lane, 'all', limit - claimed.length);
    } else {
      await claim(lane, 'inDoubt', limit - claimed.length);
      room -= await claim(lane, 'new', Math.min(room, limit - claimed.length));
    }
  }
  return claimed;
}

type Lane = 'personal' | 'mass';

/** States of texts that may be claimed; written out, since an index holds for nothing else. */
const claimable = {
  all: sql`status in ('queued', 'submitting', 'unknown')`,
  new: sql`status = 'queued'`,
  inDoubt: sql`status in ('submitting', 'unknown')`,
} as const;

/** Texts that the gateway may have without our knowing, of all senders. */
async function countInDoubt(db: LedgerReader): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from text_message where ${claimable.inDoubt}
  `.execute(db);
  return rows[0]?.count ?? 0;
}

async function claimLane(
  db: LedgerReader,
  lane: Lane,
  which: keyof typeof claimable,
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedText[]> {
  const { rows } = await sql<{ text_message_id: string; attempts: number; unknown_for_ms: number | null }>`
    with due as materialized (
      select text_message_id, next_attempt_at, coalesce(lapses_at <= ledger_now(), false) as lapsed,
        (extract(epoch from clock_timestamp() - unknown_since) * 1000)::float8 as unknown_for_ms
      from text_message
      where ${claimable[which]} and lane = ${lane}
        and next_attempt_at <= statement_timestamp()
      order by next_attempt_at limit ${limit}
      for update skip locked
    ), taken as (
      update text_message t set
        status = case
          when due.lapsed then case when t.status = 'queued' then 'rejected' else 'undelivered' end
          when t.status = 'queued' then 'submitting' else 'unknown' end,
        last_code = case when due.lapsed then ${lapsed} else t.last_code end,
        attempts = t.attempts + 1,
        unknown_since = coalesce(t.unknown_since, clock_timestamp()),
        lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond',
        -- A claimed text leaves the front of the index, so that nobody has to step over it.
        next_attempt_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      from due where t.text_message_id = due.text_message_id
      returning t.text_message_id, t.attempts, due.unknown_for_ms, due.next_attempt_at, due.lapsed
    )
    select text_message_id, attempts, unknown_for_ms from taken where not lapsed order by next_attempt_at
  `.execute(db);
  return rows.map((row) => ({
    textMessageId: row.text_message_id,
    attempt: row.attempts,
    unknownForMs: row.unknown_for_ms === null ? null : Math.max(0, Math.round(row.unknown_for_ms)),
  }));
}

/** Goes on holding texts that were claimed and are not recorded yet, for `leaseMs` from now. */
export async function renewLeases(
  db: LedgerReader,
  textMessageIds: readonly string[],
  leaseMs: number,
): Promise<void> {
  await sql`
    update text_message set
      lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond',
      next_attempt_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where text_message_id = any(${[...textMessageIds]}::uuid[]) and status in ('submitting', 'unknown')
  `.execute(db);
}

/** How many texts wait, in which state and how long, and how many may have gone out twice: for `/metrics`. */
export async function textCounts(db: LedgerReader): Promise<{
  readonly queued: number;
  readonly submitting: number;
  readonly unknown: number;
  readonly repeats: number;
  /** Age in seconds, by the ledger's clock, of the oldest of those that wait; 0 when none does. */
  readonly oldestSeconds: number;
}> {
  const { rows } = await sql<{
    queued: number;
    submitting: number;
    unknown: number;
    repeats: number;
    oldestSeconds: number;
  }>`
    select count(*) filter (where status = 'queued') as queued,
      count(*) filter (where status = 'submitting') as submitting,
      count(*) filter (where status = 'unknown') as unknown,
      (select coalesce(sum(repeats), 0) from text_message where repeats > 0) as repeats,
      greatest(coalesce(max(extract(epoch from
        -- A text that a wave released has waited since the moment for which it was released.
        case when released_at is null then ledger_now() - created_at else clock_timestamp() - released_at end
      )), 0), 0)::float8 as "oldestSeconds"
    from text_message where status in ('queued', 'submitting', 'unknown')
  `.execute(db);
  const [row] = rows;
  if (!row) throw new Error('an aggregate without GROUP BY has one row');
  return row;
}
