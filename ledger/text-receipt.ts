/** Delivery receipts: recorded for many texts in one statement, counted where they stay away. */
import { sql } from 'kysely';

import type { LedgerReader } from './database';

/** A delivery receipt as the port of the SMS gateway hands it over. */
export interface TextReceipt {
  readonly gatewayMessageId: string;
  readonly textMessageId?: string;
  readonly status: 'delivered' | 'failed' | 'expired' | 'deleted' | 'rejected' | 'unknown';
  readonly at: Date;
}

/** `unknownText`: no text of ours has that id (yet). */
export type ReceiptAnswer = 'recorded' | 'repeated' | 'unknownText';

/** What two receipts of the same text have in common. */
export function textMeant({ textMessageId, gatewayMessageId }: TextReceipt): string {
  return textMessageId ?? `gateway/${gatewayMessageId}`;
}

/**
 * Records receipts, each by our reference where the gateway returns it, else by the gateway's id; answers in their
 * order. At most one a text (`textMeant`). The same one twice or late is harmless; one that came before the outcome of
 * its submission settles an unknown outcome.
 */
export async function recordReceipts(
  db: LedgerReader,
  receipts: readonly TextReceipt[],
): Promise<readonly ReceiptAnswer[]> {
  if (receipts.length === 0) return [];
  const { rows } = await sql<{ place: number; recorded: boolean }>`
    with came as materialized (
      select * from unnest(
        ${receipts.map(({ textMessageId }) => textMessageId ?? null)}::uuid[],
        ${receipts.map(({ gatewayMessageId }) => gatewayMessageId)}::text[],
        ${receipts.map(({ status }) => (status === 'delivered' ? 'delivered' : 'undelivered'))}::text[],
        ${receipts.map(({ status }) => (status === 'delivered' ? null : status))}::text[],
        ${receipts.map(({ at }) => at)}::timestamptz[]
      ) with ordinality as came (text_message_id, gateway_message_id, status, code, at, place)
    ), meant as materialized (
      select c.place, c.gateway_message_id, c.status, c.code, c.at, t.text_message_id, t.status as known
      from came c join lateral (
        (select m.text_message_id, m.status from text_message m where m.text_message_id = c.text_message_id)
        union all
        (select m.text_message_id, m.status from text_message m
          where c.text_message_id is null and m.gateway_message_id = c.gateway_message_id
          order by m.created_at desc limit 1)
      ) t on true
    ), recorded as (
      update text_message t set
        status = m.status, receipt_at = m.at, last_code = m.code,
        gateway_message_id = coalesce(t.gateway_message_id, m.gateway_message_id),
        accepted_at = coalesce(t.accepted_at, clock_timestamp()), unknown_since = null, lease_until = null
      from meant m
      where t.text_message_id = m.text_message_id
        -- A phone that has it has it, whatever a later receipt of a repeated submission says.
        and t.status <> 'delivered' and t.status <> m.status
      returning t.text_message_id
    )
    select m.place, exists (select from recorded r where r.text_message_id = m.text_message_id) as recorded
    from meant m
  `.execute(db);
  const byPlace = new Map(rows.map(({ place, recorded }) => [place, recorded]));
  return receipts.map((_, n) => {
    const recorded = byPlace.get(n + 1);
    if (recorded === undefined) return 'unknownText';
    return recorded ? 'recorded' : 'repeated';
  });
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

/** How many texts the gateway took longer than `olderThanMs` ago without ever saying what became of them. */
export async function countWithoutReceipt(db: LedgerReader, olderThanMs: number): Promise<number> {
  const { count } = await db
    .selectFrom('text_message')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('status', '=', 'accepted')
    .where('accepted_at', '<=', sql<Date>`clock_timestamp() - ${olderThanMs} * interval '1 millisecond'`)
    .executeTakeFirstOrThrow();
  return count;
}
