/** What the gateway said of texts that were submitted: recorded for many in one statement. */
import { sql } from 'kysely';

import type { LedgerReader } from './database';

/**
 * After so many attempts a text is given up that the gateway has not taken: at once what nobody can render, and after a
 * week what has no end of its own. An account that was suspended or a password that expired says nothing of the text,
 * so one that lapses is tried until then.
 */
const maxAttempts = { unreadable: 20, endless: 350 } as const;
/** A text whose answers stay away is given up once a citizen may have got it so often. */
const maxRepeats = 20;
const backoffFirstMs = 5_000;
const backoffMaxMs = 30 * 60_000;

/** A code of our own under which a text ends: too many attempts. */
const exhausted = 'attemptsExhausted';

/** Codes of our own under which a text ends although the gateway refused neither it nor its number for good. */
export const codesOfOurs = ['lapsed', 'overtaken', 'waveStopped', exhausted, 'unreadable'] as const;

/** What became of one submission, or that there was none. */
export type TextOutcome =
  /** The gateway took it, now or before; `segments` as it counted them, absent when it recognised a repeat. */
  | {
      readonly kind: 'accepted';
      readonly textMessageId: string;
      readonly gatewayMessageId: string;
      readonly segments?: number;
      /** The citizen may have got it twice. */
      readonly mayHaveRepeated?: boolean;
    }
  /** A refusal: for good, or to be tried again with growing pauses. `code` is the gateway's. */
  | {
      readonly kind: 'rejected';
      readonly textMessageId: string;
      readonly code: string;
      readonly permanent: boolean;
    }
  /** The gateway was busy and took nothing: the same text again after `retryAfterMs`, no attempt counted. */
  | { readonly kind: 'throttled'; readonly textMessageId: string; readonly retryAfterMs: number }
  /** It was claimed and never submitted: free for the next sender at once, as before the claim. */
  | { readonly kind: 'unsent'; readonly textMessageId: string }
  /** It went out and the answer did not come back: kept for a query or a resubmission, with growing pauses. */
  | {
      readonly kind: 'unknown';
      readonly textMessageId: string;
      readonly reason: string;
      readonly mayHaveRepeated?: boolean;
    };

type OutcomeOf<K extends TextOutcome['kind']> = Extract<TextOutcome, { kind: K }>;

/** Records outcomes, at most one a text: one statement for those of each kind. Said twice, it changes nothing. */
export async function recordOutcomes(db: LedgerReader, outcomes: readonly TextOutcome[]): Promise<void> {
  const of = <K extends TextOutcome['kind']>(kind: K) =>
    outcomes.filter((outcome): outcome is OutcomeOf<K> => outcome.kind === kind);
  await recordAccepted(db, of('accepted'));
  await recordRejected(db, of('rejected'));
  await recordUntaken(db, [
    ...of('throttled'),
    ...of('unsent').map((unsent) => ({ ...unsent, retryAfterMs: 0 })),
  ]);
  await recordUnknown(db, of('unknown'));
}

/** A receipt that came first is kept. */
async function recordAccepted(db: LedgerReader, accepted: readonly OutcomeOf<'accepted'>[]): Promise<void> {
  if (accepted.length === 0) return;
  await sql`
    update text_message t set
      status = case when t.status in ('delivered', 'undelivered') then t.status else 'accepted' end,
      accepted_at = coalesce(t.accepted_at, clock_timestamp()),
      gateway_message_id = a.gateway_message_id,
      segments = coalesce(a.segments, t.segments),
      repeats = t.repeats + a.repeated::int,
      unknown_since = null, lease_until = null, last_code = null
    from unnest(
      ${accepted.map((a) => a.textMessageId)}::uuid[],
      ${accepted.map((a) => a.gatewayMessageId)}::text[],
      ${accepted.map((a) => a.segments ?? null)}::smallint[],
      ${accepted.map((a) => a.mayHaveRepeated ?? false)}::boolean[]
    ) as a (text_message_id, gateway_message_id, segments, repeated)
    where t.text_message_id = a.text_message_id
  `.execute(db);
}

/** A text with an unknown earlier outcome stays one, unless it is refused for good. */
async function recordRejected(db: LedgerReader, rejected: readonly OutcomeOf<'rejected'>[]): Promise<void> {
  if (rejected.length === 0) return;
  await sql`
    update text_message t set
      status = case
        when r.permanent or ${isGivenUp} then 'rejected'
        when t.status = 'unknown' then 'unknown' else 'queued' end,
      last_code = case when not r.permanent and ${isGivenUp} then ${exhausted} else r.code end,
      unknown_since = case when t.status = 'unknown' and not r.permanent then t.unknown_since end,
      lease_until = null,
      next_attempt_at = clock_timestamp() + ${backoff}
    from unnest(
      ${rejected.map((r) => r.textMessageId)}::uuid[],
      ${rejected.map((r) => r.code)}::text[],
      ${rejected.map((r) => r.permanent)}::boolean[]
    ) as r (text_message_id, code, permanent)
    where t.text_message_id = r.text_message_id and t.status in ('submitting', 'unknown')
  `.execute(db);
}

async function recordUntaken(
  db: LedgerReader,
  untaken: readonly {
    readonly textMessageId: string;
    readonly kind: string;
    readonly retryAfterMs: number;
  }[],
): Promise<void> {
  if (untaken.length === 0) return;
  await sql`
    update text_message t set
      status = case when t.status = 'unknown' then 'unknown' else 'queued' end,
      attempts = greatest(t.attempts - 1, 0),
      last_code = case when u.kind = 'throttled' then 'throttled' else t.last_code end,
      unknown_since = case when t.status = 'unknown' then t.unknown_since end,
      lease_until = null,
      next_attempt_at = clock_timestamp() + u.retry_after_ms * interval '1 millisecond'
    from unnest(
      ${untaken.map((u) => u.textMessageId)}::uuid[],
      ${untaken.map((u) => u.kind)}::text[],
      ${untaken.map((u) => u.retryAfterMs)}::float8[]
    ) as u (text_message_id, kind, retry_after_ms)
    where t.text_message_id = u.text_message_id and t.status in ('submitting', 'unknown')
  `.execute(db);
}

async function recordUnknown(db: LedgerReader, unknown: readonly OutcomeOf<'unknown'>[]): Promise<void> {
  if (unknown.length === 0) return;
  await sql`
    update text_message t set
      status = case when t.repeats + u.repeated::int >= ${maxRepeats} then 'undelivered' else 'unknown' end,
      last_code = case when t.repeats + u.repeated::int >= ${maxRepeats} then ${exhausted} else u.reason end,
      repeats = t.repeats + u.repeated::int,
      lease_until = null,
      next_attempt_at = clock_timestamp() + ${backoff}
    from unnest(
      ${unknown.map((u) => u.textMessageId)}::uuid[],
      ${unknown.map((u) => u.reason)}::text[],
      ${unknown.map((u) => u.mayHaveRepeated ?? false)}::boolean[]
    ) as u (text_message_id, reason, repeated)
    where t.text_message_id = u.text_message_id and t.status in ('submitting', 'unknown')
  `.execute(db);
}

/** How many texts the gateway refused for good; those that ended by a code of ours are none of them. */
export async function countRefused(db: LedgerReader): Promise<number> {
  const { count } = await db
    .selectFrom('text_message')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('status', '=', 'rejected')
    .where('last_code', 'not in', [...codesOfOurs])
    .executeTakeFirstOrThrow();
  return count;
}

/** Of a refused text `t`; null, which is as good as false, for one that ends by itself. */
const isGivenUp = sql`t.attempts >= case
  when r.code = 'unreadable' then ${maxAttempts.unreadable}::int
  when t.lapses_at is null then ${maxAttempts.endless}::int end`;

/** 5 s, 10 s, 20 s … up to half an hour, by the attempts of the row. */
const backoff = sql`least(${backoffMaxMs}::float8, ${backoffFirstMs} * power(2, least(t.attempts, 20) - 1)) * interval '1 millisecond'`;
