/** The way of text messages out of the house: claimed by a paced sender, and what the gateway said of each. */
import { sql } from 'kysely';

import type { LedgerReader } from './database';

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

/** After so many attempts a text is given up: what it told of has long passed. */
const maxAttempts = 20;
const backoffFirstMs = 5_000;
const backoffMaxMs = 30 * 60_000;

/** Codes of our own under which a text ends: too many attempts, or too late to help. */
const exhausted = 'attemptsExhausted';
const lapsed = 'lapsed';

/**
 * Takes up to `limit` texts for `leaseMs`, personal ones before mass ones; several senders never take the same.
 * A text whose sender vanished comes again when its lease ends, as one with an unknown outcome. One that would help
 * nobody any more (`lapses_at`) is ended here and not handed out.
 */
export async function claimTexts(
  db: LedgerReader,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<readonly ClaimedText[]> {
  const personal = await claimLane(db, 'personal', limit, leaseMs);
  if (personal.length === limit) return personal;
  return [...personal, ...(await claimLane(db, 'mass', limit - personal.length, leaseMs))];
}

async function claimLane(
  db: LedgerReader,
  lane: 'personal' | 'mass',
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedText[]> {
  const { rows } = await sql<{ text_message_id: string; attempts: number; unknown_for_ms: number | null }>`
    with due as materialized (
      select text_message_id, next_attempt_at, coalesce(lapses_at <= ledger_now(), false) as lapsed,
        (extract(epoch from clock_timestamp() - unknown_since) * 1000)::float8 as unknown_for_ms
      from text_message
      where status in ('queued', 'submitting', 'unknown') and lane = ${lane}
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

/** What the gateway said when it took a text, now or before. */
export interface Acceptance {
  readonly textMessageId: string;
  readonly gatewayMessageId: string;
  /** As counted by the gateway; absent when it recognised a repeat. */
  readonly segments?: number;
  /** The citizen may have got it twice. */
  readonly mayHaveRepeated?: boolean;
}

/** Records acceptances (and recognised duplicates), many in one statement. A receipt that came first is kept. */
export async function recordAccepted(db: LedgerReader, acceptances: readonly Acceptance[]): Promise<void> {
  if (acceptances.length === 0) return;
  await sql`
    update text_message t set
      status = case when t.status in ('delivered', 'undelivered') then t.status else 'accepted' end,
      accepted_at = coalesce(t.accepted_at, clock_timestamp()),
      gateway_message_id = a.gateway_message_id,
      segments = coalesce(a.segments, t.segments),
      repeats = t.repeats + a.repeated::int,
      unknown_since = null, lease_until = null, last_code = null
    from unnest(
      ${acceptances.map((a) => a.textMessageId)}::uuid[],
      ${acceptances.map((a) => a.gatewayMessageId)}::text[],
      ${acceptances.map((a) => a.segments ?? null)}::smallint[],
      ${acceptances.map((a) => a.mayHaveRepeated ?? false)}::boolean[]
    ) as a (text_message_id, gateway_message_id, segments, repeated)
    where t.text_message_id = a.text_message_id
  `.execute(db);
}

/**
 * Records a refusal of the gateway: for good, or to be tried again with growing pauses. `code` is the gateway's.
 * A text with an unknown earlier outcome stays one.
 */
export async function recordRejected(
  db: LedgerReader,
  textMessageId: string,
  { code, permanent }: { readonly code: string; readonly permanent: boolean },
): Promise<void> {
  await sql`
    update text_message set
      status = case
        when ${permanent} or attempts >= ${maxAttempts} then 'rejected'
        when status = 'unknown' then 'unknown' else 'queued' end,
      last_code = case when not ${permanent} and attempts >= ${maxAttempts} then ${exhausted} else ${code} end,
      unknown_since = case when status = 'unknown' and not ${permanent} then unknown_since end,
      lease_until = null,
      next_attempt_at = clock_timestamp() + ${backoff}
    where text_message_id = ${textMessageId}::uuid and status in ('submitting', 'unknown')
  `.execute(db);
}

/** Records that the gateway was busy and took nothing: the same text again after `retryAfterMs`, no attempt counted. */
export async function recordThrottled(
  db: LedgerReader,
  textMessageId: string,
  retryAfterMs: number,
): Promise<void> {
  await sql`
    update text_message set
      status = case when status = 'unknown' then 'unknown' else 'queued' end,
      attempts = greatest(attempts - 1, 0), last_code = 'throttled',
      unknown_since = case when status = 'unknown' then unknown_since end,
      lease_until = null,
      next_attempt_at = clock_timestamp() + ${retryAfterMs} * interval '1 millisecond'
    where text_message_id = ${textMessageId}::uuid and status in ('submitting', 'unknown')
  `.execute(db);
}

/**
 * Records that a submission went out and its answer did not come back: kept for a query or a resubmission, with
 * growing pauses; `mayHaveRepeated` adds to the count of possible duplicates.
 */
export async function recordUnknown(
  db: LedgerReader,
  textMessageId: string,
  { reason, mayHaveRepeated = false }: { readonly reason: string; readonly mayHaveRepeated?: boolean },
): Promise<void> {
  await sql`
    update text_message set
      status = case when attempts >= ${maxAttempts} then 'undelivered' else 'unknown' end,
      last_code = case when attempts >= ${maxAttempts} then ${exhausted} else ${reason} end,
      repeats = repeats + ${mayHaveRepeated ? 1 : 0},
      lease_until = null,
      next_attempt_at = clock_timestamp() + ${backoff}
    where text_message_id = ${textMessageId}::uuid and status in ('submitting', 'unknown')
  `.execute(db);
}

/** A delivery receipt as the port of the SMS gateway hands it over. */
export interface TextReceipt {
  readonly gatewayMessageId: string;
  readonly textMessageId?: string;
  readonly status: 'delivered' | 'failed' | 'expired' | 'deleted' | 'rejected' | 'unknown';
  readonly at: Date;
}

/** `unknownText`: no text of ours has that id (yet); counted by the caller, harmless. */
export type ReceiptAnswer = 'recorded' | 'repeated' | 'unknownText';

/**
 * Records a receipt by our reference where the gateway returns it, else by the gateway's id. The same one twice or
 * late is harmless; one that came before the outcome of its submission settles an unknown outcome.
 */
export async function recordReceipt(db: LedgerReader, receipt: TextReceipt): Promise<ReceiptAnswer> {
  const status = receipt.status === 'delivered' ? 'delivered' : 'undelivered';
  const meant = receipt.textMessageId
    ? sql`text_message_id = ${receipt.textMessageId}::uuid`
    : sql`gateway_message_id = ${receipt.gatewayMessageId}`;
  const { rows } = await sql<{ recorded: boolean }>`
    with meant as (
      select text_message_id, status from text_message
      where ${meant}
      order by created_at desc limit 1
      for update
    ), recorded as (
      update text_message t set
        -- A phone that has it has it, whatever a later receipt of a repeated submission says.
        status = ${status}, receipt_at = ${receipt.at}, last_code = ${receipt.status === 'delivered' ? null : receipt.status},
        gateway_message_id = coalesce(t.gateway_message_id, ${receipt.gatewayMessageId}),
        accepted_at = coalesce(t.accepted_at, clock_timestamp()), unknown_since = null, lease_until = null
      from meant
      where t.text_message_id = meant.text_message_id
        and meant.status <> 'delivered' and meant.status <> ${status}
      returning t.text_message_id
    )
    select exists (select from recorded) as recorded from meant
  `.execute(db);
  const [row] = rows;
  if (!row) return 'unknownText';
  return row.recorded ? 'recorded' : 'repeated';
}

/** Texts accepted within `withinMs` and still without a receipt, for a gateway that must be polled after a restart. */
export async function awaitedReceipts(
  db: LedgerReader,
  withinMs: number,
): Promise<readonly { readonly gatewayMessageId: string; readonly textMessageId: string }[]> {
  const rows = await db
    .selectFrom('text_message')
    .select(['gateway_message_id', 'text_message_id'])
    .where('status', '=', 'accepted')
    .where('gateway_message_id', 'is not', null)
    .where('accepted_at', '>', sql<Date>`clock_timestamp() - ${withinMs} * interval '1 millisecond'`)
    .execute();
  return rows.flatMap(({ gateway_message_id, text_message_id }) =>
    gateway_message_id === null
      ? []
      : [{ gatewayMessageId: gateway_message_id, textMessageId: text_message_id }],
  );
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
      greatest(coalesce(extract(epoch from ledger_now() - min(created_at)), 0), 0)::float8 as "oldestSeconds"
    from text_message where status in ('queued', 'submitting', 'unknown')
  `.execute(db);
  const [row] = rows;
  if (!row) throw new Error('an aggregate without GROUP BY has one row');
  return row;
}

/** 5 s, 10 s, 20 s … up to half an hour, by the attempts of the row. */
const backoff = sql`least(${backoffMaxMs}::float8, ${backoffFirstMs} * power(2, least(attempts, 20) - 1)) * interval '1 millisecond'`;
