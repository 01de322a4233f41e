/** A person's turn in the order of a draw: the site phones, records what came of it, and books who is coming. */
import { sql } from 'kysely';

import { leftoverUntil, type LeftoverResult } from '../domain/leftover/leftover-rules';
import { stageAfter, type Stage } from '../domain/lifecycle/transitions';
import { maskName } from '../domain/person-number/masks';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { StationContext } from './attendance';
import { afterwards } from './booking-rights';
import { citizenCommand } from './citizen-command';
import { openMobile } from './contact';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { unseal } from './encryption';
import { callRows, noteStationAct, type CallRow } from './leftover-call';
import { orderedTickets } from './leftover-draw';
import { makeAppointment, rightToPlace, type PersonAsked } from './place-rights';

/** Whom the site phones now. The mobile is in full, for this call alone; every reading of it is in the history. */
export interface LeftoverTurn {
  readonly ticket: string;
  readonly turn: number;
  readonly maskedName: string;
  readonly mobile: string;
  readonly language: 'zh' | 'en';
}

/** `nobodyLeft`: the order is through. `allPromised`: as many are coming as there are doses. */
export type NextTurn =
  { readonly turn: LeftoverTurn } | { readonly turn: null; readonly reason: 'nobodyLeft' | 'allPromised' };

/**
 * The next person to phone, or again the one whose result is still missing. Who may not be given the dose today is
 * passed over, and that is recorded. Refuses with `leftoverCallUnknown`.
 */
export async function nextLeftoverTurn(
  ledger: Ledger,
  context: StationContext,
  { siteId, leftoverCallId }: { readonly siteId: string; readonly leftoverCallId: string },
): Promise<Outcome<NextTurn>> {
  return ledger.db.transaction().execute(async (tx): Promise<Outcome<NextTurn>> => {
    // Two desks of a site that press at once get the same person.
    await sql`select from leftover_call where leftover_call_id = ${leftoverCallId}::uuid for update`.execute(
      tx,
    );
    const [call] = await callRows(
      tx,
      sql`c.leftover_call_id = ${leftoverCallId}::uuid and c.site_id = ${siteId}`,
    );
    if (!call) return refused({ code: 'leftoverCallUnknown' });
    const open = await openTurnOf(tx, leftoverCallId);
    if (open) return accepted({ turn: await disclosed(ledger, tx, context, leftoverCallId, open) });
    if (call.booked >= call.capacity) return accepted({ turn: null, reason: 'allPromised' });
    for (const ticket of await ticketsToPhone(ledger, tx, call)) {
      const fit = await mayCome(tx, call, ticket);
      const begun = await beginTurn(tx, leftoverCallId, ticket, fit);
      if (fit && begun) {
        return accepted({ turn: await disclosed(ledger, tx, context, leftoverCallId, ticket) });
      }
    }
    return accepted({ turn: null, reason: 'nobodyLeft' });
  });
}

async function openTurnOf(db: LedgerReader, leftoverCallId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('leftover_turn')
    .select('ticket')
    .where('leftover_call_id', '=', leftoverCallId)
    .where('result', 'is', null)
    .executeTakeFirst();
  return row?.ticket;
}

/** In the order of the draw: who was phoned by no site yet, nor passed over by this one. */
async function ticketsToPhone(ledger: Ledger, tx: LedgerTx, call: CallRow): Promise<readonly string[]> {
  const { tickets } = await orderedTickets(ledger, tx, call.leftover_draw_id);
  const { rows } = await sql<{ ticket: string }>`
    select n.ticket from leftover_turn n join leftover_call c using (leftover_call_id)
    where c.leftover_draw_id = ${call.leftover_draw_id}::uuid
      and (n.result is distinct from 'passedOver' or c.leftover_call_id = ${call.leftover_call_id}::uuid)
  `.execute(tx);
  const done = new Set(rows.map(({ ticket }) => ticket));
  return tickets.map(({ ticket }) => ticket).filter((ticket) => !done.has(ticket));
}

/** Opens the turn, or records that it is passed over; false when another site was quicker. */
async function beginTurn(
  tx: LedgerTx,
  leftoverCallId: string,
  ticket: string,
  fit: boolean,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into leftover_turn (leftover_call_id, ticket, turn, result, ended_at)
    select ${leftoverCallId}::uuid, ${ticket}, count(*) + 1, ${fit ? null : 'passedOver'},
      case when ${fit} then null else ledger_now() end
    from leftover_turn where leftover_call_id = ${leftoverCallId}::uuid
    on conflict do nothing
  `.execute(tx);
  return numAffectedRows === 1n;
}

/** May the ticket's person be given this dose today, by the rules and by where they stand? Asked without their lock. */
async function mayCome(tx: LedgerTx, call: CallRow, ticket: string): Promise<boolean> {
  const { rows } = await sql<{
    person_key: string;
    birth_date: string;
    priority_groups: number[];
    now: Date;
  }>`
    select p.person_key, p.birth_date, p.priority_groups, ledger_now() as now
    from leftover_request q join person p using (person_key) where q.ticket = ${ticket}
  `.execute(tx);
  const [row] = rows;
  if (!row) return false;
  const person = {
    personKey: row.person_key,
    birthDate: row.birth_date,
    priorityGroups: row.priority_groups,
    now: row.now.toISOString(),
  };
  return (await rightToCome(tx, person, call)).ok;
}

/** The right to a dose of the call. The slot began with the call; what counts is that the day is not over. */
async function rightToCome(
  db: LedgerReader,
  person: PersonAsked,
  call: CallRow,
): Promise<Outcome<{ readonly doseNumber: number; readonly stage: Stage | null }>> {
  const until = leftoverUntil(call.session_date);
  const right = await rightToPlace(db, person, { ...call, starts_at: new Date(until) }, until);
  if (!right.ok) return right;
  if (stageAfter(right.value.stage, 'takeLeftover') === undefined)
    return refused({ code: 'alreadyAttended' });
  return right;
}

async function disclosed(
  ledger: Ledger,
  tx: LedgerTx,
  context: StationContext,
  leftoverCallId: string,
  ticket: string,
): Promise<LeftoverTurn> {
  const { rows } = await sql<{
    person_key: string;
    name_cipher: Buffer;
    turn: number;
    contact_id: string;
    mobile_cipher: Buffer;
    language: 'zh' | 'en';
  }>`
    select q.person_key, p.name_cipher, n.turn, c.contact_id, c.mobile_cipher, c.language
    from leftover_turn n join leftover_request q using (ticket) join contact c using (contact_id)
    join person p on p.person_key = q.person_key
    where n.leftover_call_id = ${leftoverCallId}::uuid and n.ticket = ${ticket}
  `.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('a turn has its request');
  await noteStationAct(tx, context, row.person_key, 'discloseMobile', { leftoverCallId, ticket });
  return {
    ticket,
    turn: row.turn,
    maskedName: maskName(unseal(ledger.keys, row.person_key, row.name_cipher)),
    mobile: openMobile(ledger.keys, row),
    language: row.language,
  };
}

/** What the site records of a turn; `coming` has the number under which the dose is recorded. */
export interface TurnEnded {
  readonly ticket: string;
  readonly result: Exclude<LeftoverResult, 'passedOver'>;
  readonly appointmentNumber: string | null;
}

/**
 * Records what came of the phone call. Who is coming is booked strictly: a dose is promised once, one person has one.
 * The same result again changes nothing. Refuses with `leftoverTurnUnknown`, `leftoverTurnAnswered`,
 * `leftoverDosesPromised`, and the reasons of `mayBook` where the facts have changed since.
 */
export async function endLeftoverTurn(
  ledger: Ledger,
  context: StationContext,
  wish: {
    readonly siteId: string;
    readonly leftoverCallId: string;
    readonly ticket: string;
    readonly result: TurnEnded['result'];
  },
): Promise<Outcome<TurnEnded>> {
  const { siteId, leftoverCallId, ticket, result } = wish;
  const [call] = await callRows(
    ledger.db,
    sql`c.leftover_call_id = ${leftoverCallId}::uuid and c.site_id = ${siteId}`,
  );
  if (!call) return refused({ code: 'leftoverCallUnknown' });
  const asked = await ledger.db
    .selectFrom('leftover_turn')
    .innerJoin('leftover_request', 'leftover_request.ticket', 'leftover_turn.ticket')
    .select(['leftover_request.person_key', 'leftover_request.contact_id'])
    .where('leftover_turn.leftover_call_id', '=', leftoverCallId)
    .where('leftover_turn.ticket', '=', ticket)
    .executeTakeFirst();
  if (!asked) return refused({ code: 'leftoverTurnUnknown' });
  const by = { ...context, personKey: asked.person_key };
  return citizenCommand<TurnEnded>(ledger, by, [call.slot_id], async (tx, person) => {
    const turn = await tx
      .selectFrom('leftover_turn')
      .select(['result', 'appointment_number'])
      .where('leftover_call_id', '=', leftoverCallId)
      .where('ticket', '=', ticket)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (turn.result === result) {
      return { outcome: { ticket, result, appointmentNumber: turn.appointment_number } };
    }
    if (turn.result !== null) {
      return { refusal: { code: 'leftoverTurnAnswered', result: turn.result as LeftoverResult } };
    }
    if (result !== 'coming') {
      await endTurn(tx, leftoverCallId, ticket, result, null);
      await noteStationAct(tx, context, person.personKey, 'phoneLeftover', {
        leftoverCallId,
        ticket,
        result,
      });
      return { outcome: { ticket, result, appointmentNumber: null } };
    }
    const right = await rightToCome(tx, person, call);
    if (!right.ok) return { refusal: right.refusal };
    const { rows: taken } = await sql`
      update slot set booked = booked + 1 where slot_id = ${call.slot_id} and booked < capacity returning slot_id
    `.execute(tx);
    if (taken.length === 0) return { refusal: { code: 'leftoverDosesPromised', promised: call.capacity } };
    const { doseNumber, stage } = right.value;
    const to = afterwards(stage, 'takeLeftover');
    if (stage === null) {
      await tx
        .insertInto('participation')
        .values({
          person_key: person.personKey,
          round_id: call.round_id,
          dose_number: doseNumber,
          stage: to,
          last_act: 'takeLeftover',
        })
        .execute();
    } else {
      await sql`
        update participation set stage = ${to}, last_act = 'takeLeftover',
          stage_since = ledger_now(), dose_number = ${doseNumber}
        where person_key = ${person.personKey}::uuid and round_id = ${call.round_id}
      `.execute(tx);
    }
    const contactId = asked.contact_id;
    const appointmentNumber = await makeAppointment(tx, person, call, { doseNumber, contactId });
    await endTurn(tx, leftoverCallId, ticket, 'coming', appointmentNumber);
    return {
      outcome: { ticket, result, appointmentNumber },
      act: 'takeLeftover',
      detail: { appointmentNumber, slotId: call.slot_id, ticket },
    };
  });
}

async function endTurn(
  tx: LedgerTx,
  leftoverCallId: string,
  ticket: string,
  result: TurnEnded['result'],
  appointmentNumber: string | null,
): Promise<void> {
  await sql`
    update leftover_turn set result = ${result}, ended_at = ledger_now(), appointment_number = ${appointmentNumber}
    where leftover_call_id = ${leftoverCallId}::uuid and ticket = ${ticket}
  `.execute(tx);
}
