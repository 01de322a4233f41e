/** Meeting what is owed to a person: the workflow asks when the time has come, the ledger decides and queues the text. */
import {
  obligationsOf,
  type Obligation,
  type ObligationAnswer,
  type ObligationKind,
} from '../domain/lifecycle/obligations';
import type { CitizenSnapshot } from '../domain/lifecycle/snapshot';
import type { TextParameters } from '../domain/text-message/templates';
import { citizenCommand, type Decision, type LockedPerson } from './citizen-command';
import type { Ledger, LedgerTx } from './database';
import { getRound } from './round';
import { readSnapshots } from './snapshot';
import { findContactFor, queueText } from './text-message';

/**
 * Meets one obligation with the person locked, from the facts as they are then: `done` queues its text and brings the
 * next version, `alreadyDone` was met before, `notOwed` has been overtaken by the facts or has lapsed, `notDue` is
 * asked too early by the ledger's clock. Asking any number of times meets it once.
 *
 * Once it is met, the answer carries the person's state, and what it did counts as told to the run: a signal would
 * cost the engine more than the act. Who lost the answer asks again and has it with `alreadyDone`.
 */
export async function meetObligation(
  ledger: Ledger,
  personKey: string,
  wanted: { readonly kind: ObligationKind; readonly occasion: string },
): Promise<ObligationAnswer> {
  const outcome = await citizenCommand<ObligationAnswer>(
    ledger,
    { personKey, actor: 'workflow', channel: 'citizen-workflow' },
    [],
    (tx, person) => decide(tx, person, wanted),
  );
  // The only refusal without a session is that the person is not in this ledger.
  if (!outcome.ok) return { answer: 'notOwed' };
  const { value } = outcome;
  if (value.answer !== 'done' && value.answer !== 'alreadyDone') return value;
  const snapshot = (await readSnapshots(ledger.db, [personKey])).get(personKey);
  return snapshot ? { ...value, snapshot } : value;
}

async function decide(
  tx: LedgerTx,
  person: LockedPerson,
  { kind, occasion }: { readonly kind: ObligationKind; readonly occasion: string },
): Promise<Decision<ObligationAnswer>> {
  const { personKey, now } = person;
  const told = await tx
    .selectFrom('text_message')
    .select('text_message_id')
    .where('person_key', '=', personKey)
    .where('purpose', '=', kind)
    .where('occasion', '=', occasion)
    .executeTakeFirst();
  if (told) return { outcome: { answer: 'alreadyDone' } };
  const snapshot = (await readSnapshots(tx, [personKey])).get(personKey);
  const obligation =
    snapshot && obligationsOf(personKey, snapshot).find((o) => o.kind === kind && o.occasion === occasion);
  if (!snapshot || !obligation || Date.parse(obligation.lapsesAt) <= Date.parse(now)) {
    return { outcome: { answer: 'notOwed' } };
  }
  if (Date.parse(now) < Date.parse(obligation.dueAt)) {
    return { outcome: { answer: 'notDue', until: obligation.dueAt } };
  }
  const contactId = await findContactFor(tx, personKey, obligation.roundId);
  const parameters = await parametersOf(tx, personKey, snapshot, obligation);
  if (contactId === undefined || parameters === undefined) return { outcome: { answer: 'notOwed' } };
  // What can wait until the round's rush is through lets acknowledgements pass; the offer for today cannot.
  const lane = kind === 'offerSameDay' ? 'personal' : 'mass';
  await queueText(tx, {
    personKey,
    purpose: kind,
    occasion,
    contactId,
    parameters,
    lane,
    lapsesAt: obligation.lapsesAt,
    // Nobody is reminded of what no wave has told them yet: the invitation, once it is let go, says all of it.
    held: kind === 'remindToBook' && (await invitationIsHeld(tx, personKey, obligation.roundId)),
  });
  return {
    outcome: { answer: 'done' },
    act: 'meetObligation',
    detail: { kind, occasion },
    toldToRun: true,
  };
}

async function invitationIsHeld(tx: LedgerTx, personKey: string, roundId: string | null): Promise<boolean> {
  const held = await tx
    .selectFrom('text_message')
    .select('text_message_id')
    .where('person_key', '=', personKey)
    .where('purpose', '=', 'invitation')
    .where('occasion', '=', roundId)
    .where('status', '=', 'held')
    .executeTakeFirst();
  return held !== undefined;
}

/** What the text of an obligation says; undefined when what it is about is gone. */
async function parametersOf(
  tx: LedgerTx,
  personKey: string,
  snapshot: CitizenSnapshot,
  { kind, roundId, occasion }: Obligation,
): Promise<TextParameters[ObligationKind] | undefined> {
  const participation = snapshot.participations.find((p) => p.roundId === roundId);
  switch (kind) {
    case 'remindToBook': {
      const invitation = participation?.invitation;
      if (!participation || !invitation) return undefined;
      const { product, opensAt, closesAt } = invitation;
      return { roundId: participation.roundId, product, opensAt, closesAt };
    }
    case 'remindOfAppointment':
    case 'offerSameDay': {
      const facts = participation?.appointment;
      if (!facts) return undefined;
      const place = await tx
        .selectFrom('appointment')
        .innerJoin('slot', 'slot.slot_id', 'appointment.slot_id')
        .select(['slot.site_id', 'appointment.product', 'appointment.dose_number'])
        .where('appointment_number', '=', facts.appointmentNumber)
        .executeTakeFirst();
      if (!place) return undefined;
      const { appointmentNumber, startsAt, endsAt, dayEndsAt } = facts;
      const appointment = {
        appointmentNumber,
        siteId: place.site_id,
        product: place.product,
        doseNumber: place.dose_number,
        startsAt,
        endsAt,
      };
      return kind === 'offerSameDay' ? { ...appointment, dayEndsAt } : appointment;
    }
    case 'tellMissed':
    case 'tellLapsed':
      if (!participation) return undefined;
      return {
        roundId: participation.roundId,
        carriedOver: (await getRound(tx, participation.roundId)).kind === 'rankThenInvite',
      };
    case 'confirmDose': {
      const dose = await tx
        .selectFrom('dose')
        .select(['product', 'dose_number', 'given_on'])
        .where('person_key', '=', personKey)
        .where('appointment_number', '=', participation?.appointment?.appointmentNumber ?? '')
        .executeTakeFirst();
      if (!dose) return undefined;
      return {
        product: dose.product,
        doseNumber: dose.dose_number,
        givenOn: dose.given_on,
        nextDoseOn: snapshot.nextDose?.dueOn ?? null,
      };
    }
    case 'remindNextDose': {
      const next = snapshot.nextDose;
      return next ? { doseNumber: next.doseNumber, dueOn: next.dueOn } : undefined;
    }
    default:
      throw new Error(`no text is known for the obligation ${String(kind satisfies never)} of ${occasion}`);
  }
}
