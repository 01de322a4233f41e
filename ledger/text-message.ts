/** Text messages: queued once per person, purpose and occasion by whoever changes something, and read by the person. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import {
  markedAsTest,
  renderText,
  type NameBook,
  type TextParameters,
  type TextPurpose,
} from '../domain/text-message/templates';
import { openMobile } from './contact';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { readNameBook } from './name-book';
import { recordOutcomes } from './text-outcome';

export type TextLane = 'personal' | 'mass';
export type TextStatus =
  'held' | 'queued' | 'submitting' | 'unknown' | 'accepted' | 'delivered' | 'undelivered' | 'rejected';

/** A text as a ledger command asks for it. */
export interface TextOrder<P extends TextPurpose> {
  readonly personKey: string;
  readonly purpose: P;
  /** What it is about, unique for the person and purpose: the same occasion is never told twice. */
  readonly occasion: string;
  readonly contactId: string;
  readonly parameters: TextParameters[P];
  /** `personal` (the default) goes before `mass`. */
  readonly lane?: TextLane;
  /** From when on (ledger time) it would help nobody and is not sent; absent: it is sent however late. */
  readonly lapsesAt?: Instant;
  /** Written, so that the occasion counts as told, and sent by nobody. */
  readonly held?: boolean;
}

/** Queues a text in the transaction of the change that it tells of. False when that occasion was already told. */
export async function queueText<P extends TextPurpose>(tx: LedgerTx, order: TextOrder<P>): Promise<boolean> {
  const inserted = await tx
    .insertInto('text_message')
    .values({
      person_key: order.personKey,
      purpose: order.purpose,
      occasion: order.occasion,
      contact_id: order.contactId,
      parameters: JSON.stringify(order.parameters),
      lane: order.lane ?? 'personal',
      lapses_at: order.lapsesAt ?? null,
      status: order.held ? 'held' : 'queued',
    })
    .onConflict((conflict) => conflict.constraint('text_message_once_per_occasion').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** A text ready to go out; mobile and body are personal and belong in no log. */
export interface TextToSend {
  readonly textMessageId: string;
  readonly mobile: string;
  readonly body: string;
}

interface RenderableRow {
  text_message_id: string;
  purpose: TextPurpose;
  parameters: TextParameters[TextPurpose];
  /** Of the contact, or of the test handset: what the mobile is sealed for. */
  contact_id: string;
  mobile_cipher: Buffer;
  language: 'zh' | 'en';
  /** For a handset of staff, and marked as a test. */
  test: boolean;
}

/**
 * Mobiles and bodies of claimed texts, in the language of their contact. One that cannot be read (a key that is
 * missing, a site that is gone) holds nobody else up: it is left out, and recorded to be tried again later.
 */
export async function readTextsToSend(
  ledger: Ledger,
  textMessageIds: readonly string[],
): Promise<readonly TextToSend[]> {
  const { texts, unreadable } = await renderTexts(ledger, textMessageIds);
  await recordOutcomes(
    ledger.db,
    unreadable.map((textMessageId) => ({
      kind: 'rejected',
      textMessageId,
      code: 'unreadable',
      permanent: false,
    })),
  );
  return texts;
}

async function renderTexts(
  ledger: Ledger,
  textMessageIds: readonly string[],
): Promise<{ readonly texts: readonly TextToSend[]; readonly unreadable: readonly string[] }> {
  const { rows } = await sql<RenderableRow>`
    select t.text_message_id, t.purpose, t.parameters, coalesce(t.contact_id, h.handset_id) as contact_id,
      coalesce(c.mobile_cipher, h.mobile_cipher) as mobile_cipher, coalesce(c.language, 'zh') as language,
      t.handset_id is not null as test
    from unnest(${[...textMessageIds]}::uuid[]) with ordinality as wanted (text_message_id, place)
    join text_message t using (text_message_id)
    left join contact c using (contact_id)
    left join test_handset h on h.handset_id = t.handset_id
    order by wanted.place
  `.execute(ledger.db);
  const names = await readNameBook(ledger.db, rows);
  const texts: TextToSend[] = [];
  const unreadable: string[] = [];
  for (const row of rows) {
    try {
      texts.push(rendered(ledger, row, names));
    } catch {
      unreadable.push(row.text_message_id);
    }
  }
  return { texts, unreadable };
}

function rendered(ledger: Ledger, row: RenderableRow, names: NameBook): TextToSend {
  const mobile = openMobile(ledger.keys, row);
  const reader = { mobileLastThree: mobile.slice(-3), language: row.language, names };
  const body = renderText(row.purpose, row.parameters, reader);
  return {
    textMessageId: row.text_message_id,
    mobile,
    body: row.test ? markedAsTest(body, row.language) : body,
  };
}

/** One text as the person it went to may read it again. */
export interface TextView {
  readonly textMessageId: string;
  readonly purpose: TextPurpose;
  readonly status: TextStatus;
  readonly createdAt: Instant;
  readonly mobile: string;
  readonly body: string;
}

/** The newest texts to a person, newest first. */
export async function readTextsOf(
  ledger: Ledger,
  personKey: string,
  limit = 50,
): Promise<readonly TextView[]> {
  const rows = await ledger.db
    .selectFrom('text_message')
    .select(['text_message_id', 'purpose', 'status', 'created_at'])
    .where('person_key', '=', personKey)
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute();
  const { texts } = await renderTexts(
    ledger,
    rows.map(({ text_message_id }) => text_message_id),
  );
  const byId = new Map(texts.map((text) => [text.textMessageId, text]));
  return rows.flatMap((row) => {
    const text = byId.get(row.text_message_id);
    if (!text) return [];
    return [
      {
        ...text,
        purpose: row.purpose as TextPurpose,
        status: row.status as TextStatus,
        createdAt: row.created_at.toISOString(),
      },
    ];
  });
}

/**
 * The contact through which a person is told of something: that of the round's appointment that stands, was kept or
 * was missed, else that of the round's registration, else the newest one given. Without a round: that of any
 * appointment that stands, else the newest. Undefined when the person never gave a mobile.
 */
export async function findContactFor(
  db: LedgerReader,
  personKey: string,
  roundId: string | null,
): Promise<string | undefined> {
  const { rows } = await sql<{ contact_id: string }>`
    select contact_id from (
      select contact_id, 1 as place, booked_at as since from appointment
        where person_key = ${personKey}::uuid and status <> 'cancelled'
          and (round_id = ${roundId}::text or (${roundId}::text is null and status = 'booked'))
      union all
      select contact_id, 2, registered_at from registration
        where person_key = ${personKey}::uuid and withdrawn_at is null and round_id = ${roundId}::text
      union all
      select contact_id, 3, given_at from contact where person_key = ${personKey}::uuid
    ) candidate
    order by place, since desc limit 1
  `.execute(db);
  return rows[0]?.contact_id;
}
