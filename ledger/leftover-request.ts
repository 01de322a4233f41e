/** Asking for doses left over at closing time: a ticket for a day and a district, as long as the draw is not made. */
import { sql } from 'kysely';

import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { leftoverDays, leftoverUntil } from '../domain/leftover/leftover-rules';
import { parseMobile } from '../domain/person-number/mobile';
import { refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import type { TextLanguage } from '../domain/text-message/templates';
import { citizenCommand, whyNotTakenBack, type CommandContext, type LockedPerson } from './citizen-command';
import { addContact } from './contact';
import type { Ledger, LedgerTx } from './database';
import { ensureDraw, readPublishedDraw, type PublishedTicket } from './leftover-draw';
import { rightToPlace } from './place-rights';

/**
 * Asks for a leftover dose. Asking again keeps the ticket. Refuses with `mobileInvalid`, `leftoverNotThere`,
 * `leftoverDrawn`, and the reasons of `mayBook` where no product given there that day may be given to the person.
 */
export async function askLeftover(
  ledger: Ledger,
  context: CommandContext,
  wish: {
    readonly day: PlainDate;
    readonly districtCode: string;
    readonly mobile: string;
    readonly language: TextLanguage;
  },
): Promise<Outcome<{ readonly ticket: string }>> {
  const parsed = parseMobile(wish.mobile);
  if (!('mobile' in parsed)) return refused({ code: 'mobileInvalid' });
  const { day, districtCode } = wish;
  return citizenCommand<{ readonly ticket: string }>(ledger, context, [], async (tx, person) => {
    if (!leftoverDays(person.now).includes(day)) return { refusal: { code: 'leftoverNotThere' } };
    const refusal = await whyNoDose(tx, person, day, districtCode);
    if (refusal) return { refusal };
    const draw = await ensureDraw(ledger, tx, day, districtCode);
    const drawnAt = await drawnWhileHeld(tx, draw.leftoverDrawId);
    if (drawnAt !== null) return { refusal: { code: 'leftoverDrawn', drawnAt } };
    const own = await tx
      .selectFrom('leftover_request')
      .select('ticket')
      .where('leftover_draw_id', '=', draw.leftoverDrawId)
      .where('person_key', '=', person.personKey)
      .where('withdrawn_at', 'is', null)
      .executeTakeFirst();
    const contactId = await addContact(tx, ledger.keys, person.personKey, parsed.mobile, wish.language);
    if (own) {
      await sql`update leftover_request set contact_id = ${contactId}::uuid where ticket = ${own.ticket}`.execute(
        tx,
      );
      return { outcome: own };
    }
    const made = await tx
      .insertInto('leftover_request')
      .values({
        leftover_draw_id: draw.leftoverDrawId,
        person_key: person.personKey,
        contact_id: contactId,
      })
      .returning('ticket')
      .executeTakeFirstOrThrow();
    await noteInHistory(tx, context, person, 'askLeftover', made.ticket);
    return { outcome: made };
  });
}

/** Takes the ticket back. Refuses with `leftoverNotThere` (no such ticket) and `leftoverDrawn`. */
export async function stopAskingLeftover(
  ledger: Ledger,
  context: CommandContext,
  { ticket }: { readonly ticket: string },
): Promise<Outcome<{ readonly ticket: string }>> {
  return citizenCommand<{ readonly ticket: string }>(ledger, context, [], async (tx, person) => {
    const own = await tx
      .selectFrom('leftover_request')
      .select(['leftover_draw_id', 'withdrawn_at'])
      .where('ticket', '=', ticket)
      .where('person_key', '=', person.personKey)
      .executeTakeFirst();
    if (!own) return { refusal: { code: 'leftoverNotThere' } };
    const refusal = whyNotTakenBack(person);
    if (refusal) return { refusal };
    if (own.withdrawn_at) return { outcome: { ticket } };
    const drawnAt = await drawnWhileHeld(tx, own.leftover_draw_id);
    if (drawnAt !== null) return { refusal: { code: 'leftoverDrawn', drawnAt } };
    await sql`update leftover_request set withdrawn_at = ledger_now() where ticket = ${ticket}`.execute(tx);
    await noteInHistory(tx, context, person, 'stopAskingLeftover', ticket);
    return { outcome: { ticket } };
  });
}

/** Since when the draw is made, or null; while this transaction lasts it stays so. */
async function drawnWhileHeld(tx: LedgerTx, leftoverDrawId: string): Promise<Instant | null> {
  const { rows } = await sql<{ drawn_at: Date | null }>`
    select drawn_at from leftover_draw where leftover_draw_id = ${leftoverDrawId}::uuid for share
  `.execute(tx);
  return rows[0]?.drawn_at?.toISOString() ?? null;
}

/** Why nothing that is given there that day may be given to the person; undefined where something may. */
async function whyNoDose(
  tx: LedgerTx,
  person: LockedPerson,
  day: PlainDate,
  districtCode: string,
): Promise<Refusal | undefined> {
  const { rows } = await sql<{ round_id: string; product: string }>`
    select distinct s.round_id, s.product
    from site t join slot s on s.site_id = t.site_id and s.session_date = ${day}::date
    join round r on r.round_id = s.round_id and r.closed_at is null
    where t.district_code = ${districtCode} and not s.leftover and s.closed_at is null
    order by 1, 2
  `.execute(tx);
  let refusal: Refusal = { code: 'leftoverNotThere' };
  const until = leftoverUntil(day);
  for (const offer of rows) {
    const slot = { ...offer, session_date: day, starts_at: new Date(until) };
    const may = await rightToPlace(tx, person, slot, until);
    if (may.ok) return undefined;
    refusal = may.refusal;
  }
  return refusal;
}

async function noteInHistory(
  tx: LedgerTx,
  context: CommandContext,
  person: LockedPerson,
  act: 'askLeftover' | 'stopAskingLeftover',
  ticket: string,
): Promise<void> {
  await tx
    .insertInto('audit_entry')
    .values({
      person_key: person.personKey,
      version: person.version,
      act,
      actor: context.actor,
      channel: context.channel,
      detail: JSON.stringify({ ticket }),
    })
    .execute();
}

/** A ticket of one's own, with its place once the draw is made. */
export interface OwnTicket {
  readonly ticket: string;
  readonly day: PlainDate;
  readonly districtCode: string;
  readonly askedAt: Instant;
  readonly drawnAt: Instant | null;
  /** Of how many. */
  readonly asked: number;
  readonly place: number | null;
  readonly outcome: PublishedTicket['outcome'];
}

/** The person's tickets of the last days and those to come, the latest day first. */
export async function readOwnTickets(ledger: Ledger, personKey: string): Promise<readonly OwnTicket[]> {
  const { rows } = await sql<{ ticket: string; day: PlainDate; district_code: string; asked_at: Date }>`
    select q.ticket, d.day, d.district_code, q.asked_at
    from leftover_request q join leftover_draw d using (leftover_draw_id)
    where q.person_key = ${personKey}::uuid and q.withdrawn_at is null and d.day >= ledger_today() - 7
    order by d.day desc, q.asked_at desc
  `.execute(ledger.db);
  return Promise.all(
    rows.map(async ({ ticket, day, district_code, asked_at }): Promise<OwnTicket> => {
      const draw = await readPublishedDraw(ledger, day, district_code);
      const drawn = draw?.tickets.find((each) => each.ticket === ticket);
      return {
        ticket,
        day,
        districtCode: district_code,
        askedAt: asked_at.toISOString(),
        drawnAt: draw?.drawnAt ?? null,
        asked: draw?.asked ?? 0,
        place: drawn?.place ?? null,
        outcome: drawn?.outcome ?? null,
      };
    }),
  );
}
