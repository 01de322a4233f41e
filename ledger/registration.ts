/** Intent registration (意願登記): register, change, withdraw. */
import { sql } from 'kysely';

import { findDistrict } from '../domain/area/area';
import {
  chooseProducts,
  lastDoseOf,
  mayRegister,
  nextDoseNumber,
  permittedProducts,
  type DoseGiven,
} from '../domain/booking/booking-rules';
import type { PlainDate } from '../domain/civil-time/plain-date';
import { stageAfter, type Stage } from '../domain/lifecycle/transitions';
import { parseMobile, type Mobile } from '../domain/person-number/mobile';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { Round } from '../domain/round/round';
import type { TextLanguage } from '../domain/text-message/templates';
import {
  changeStage,
  citizenCommand,
  type CommandContext,
  type Decision,
  type LockedPerson,
} from './citizen-command';
import { addContact, openMobile } from './contact';
import type { Ledger, LedgerTx } from './database';
import {
  findLiveRegistration,
  getRegistration,
  type RegistrationOutcome,
  type RegistrationRow,
  type RegistrationView,
} from './registration-view';
import { findRound } from './round';
import { queueText } from './text-message';

export { readRegistration, type RegistrationView } from './registration-view';

/** What a citizen asks for. `districtCode` has eight digits; where one may book later is chosen afresh. */
export interface RegistrationWish {
  readonly roundId: string;
  readonly mobile: string;
  readonly districtCode: string;
  readonly products: readonly string[];
  /** Agreed to another product than the last one where the rules ask for that (混打意願); it counts where it concerns. */
  readonly mixedIntent?: boolean;
  readonly language: TextLanguage;
}

/**
 * Registers, or updates the one live registration (same number). Repeating the same answers changes nothing. Each
 * change is acknowledged by text. Refuses with `registrationNotOpenYet`, `registrationClosed`, `notInOpenGroup`,
 * `noOpenRound`, `districtUnknown`, `mobileInvalid` and the reasons of `chooseProducts`.
 */
export async function register(
  ledger: Ledger,
  context: CommandContext,
  wish: RegistrationWish,
): Promise<Outcome<RegistrationView>> {
  const district = findDistrict(wish.districtCode);
  if (!district) return refused({ code: 'districtUnknown' });
  const parsed = parseMobile(wish.mobile);
  if (!('mobile' in parsed)) return refused({ code: 'mobileInvalid' });
  const { mobile } = parsed;
  const outcome = await citizenCommand<RegistrationOutcome>(ledger, context, [], async (tx, person) => {
    const decided = await decisionFacts(tx, person, wish.roundId);
    if (!decided.ok) return { refusal: decided.refusal };
    const facts = decided.value;
    const lastDose = lastDoseOf(facts.doses);
    const mixedIntent = wish.mixedIntent === true;
    const { products } = wish;
    const chosen = chooseProducts(facts.round, lastDose, { products, mixedIntent }, facts.lastSessionOn);
    if (!chosen.ok) return { refusal: chosen.refusal };
    const answers = {
      mobile,
      language: wish.language,
      countyCode: district.countyCode,
      districtCode: district.code,
      products: chosen.value,
      mixedIntent: mixedIntent && concernsMixing(facts.round, lastDose, chosen.value),
      priorityGroup: facts.priorityGroup,
    };
    const { live } = facts;
    if (!live) return registerAnew(ledger, tx, person, wish.roundId, answers, facts);
    return changeLive(ledger, tx, person, live, answers);
  });
  if (!outcome.ok) return outcome;
  return accepted(await getRegistration(ledger, context.personKey, outcome.value));
}

/**
 * Withdraws the live registration; registering again makes a new one while registration is open. Refuses with
 * `notRegistered` when there is none, and by the same times as `register`.
 */
export async function withdraw(
  ledger: Ledger,
  context: CommandContext,
  { roundId }: { readonly roundId: string },
): Promise<Outcome<RegistrationView>> {
  const outcome = await citizenCommand<RegistrationOutcome>(ledger, context, [], async (tx, person) => {
    const facts = await decisionFacts(tx, person, roundId);
    // Whoever left the open groups since may still take back what they gave.
    if (!facts.ok && facts.refusal.code !== 'notInOpenGroup') return { refusal: facts.refusal };
    const live = await findLiveRegistration(tx, person.personKey, roundId);
    if (!live) return { refusal: { code: 'notRegistered' } };
    const to = stageAfter(live.stage, 'withdraw');
    if (!to) return { refusal: { code: 'alreadySettled' } };
    await tx
      .updateTable('registration')
      .set({ withdrawn_at: sql`ledger_now()` })
      .where('registration_number', '=', live.registration_number)
      .execute();
    await changeStage(tx, person.personKey, roundId, 'withdraw', to);
    await acknowledge(
      tx,
      person,
      'registrationWithdrawn',
      live.registration_number,
      roundId,
      live.contact_id,
    );
    return {
      outcome: { roundId, registrationNumber: live.registration_number },
      act: 'withdraw',
      detail: { roundId, registrationNumber: live.registration_number },
    };
  });
  if (!outcome.ok) return outcome;
  return accepted(await getRegistration(ledger, context.personKey, outcome.value));
}

/** Is one of these products one that may follow the last dose only with a mixed intent? */
function concernsMixing(round: Round, lastDose: DoseGiven | null, products: readonly string[]): boolean {
  return permittedProducts(round, lastDose).some(
    ({ product, needsMixedIntent }) => needsMixedIntent && products.includes(product),
  );
}

interface RegistrationFacts {
  readonly round: Round;
  readonly priorityGroup: number;
  readonly lastSessionOn: ReadonlyMap<string, PlainDate>;
  readonly doses: readonly DoseGiven[];
  /** Where the person stands in the round already. */
  readonly stage: Stage | null;
  readonly live: RegistrationRow | undefined;
}

/** What the decision needs, asked for after the round is held against its settlement. */
async function decisionFacts(
  tx: LedgerTx,
  person: LockedPerson,
  roundId: string,
): Promise<Outcome<RegistrationFacts>> {
  // A settlement takes this row for itself before it reads who registered: whoever holds it is counted.
  await sql`select from round where round_id = ${roundId} for key share`.execute(tx);
  const { rows } = await sql<{
    now: Date;
    settled: boolean;
    stage: Stage | null;
    doses: DoseGiven[] | null;
    last_sessions: Record<string, PlainDate> | null;
  }>`
    select ledger_now() as now, exists (select from settlement s where s.round_id = ${roundId}) as settled,
      (select stage from participation where person_key = ${person.personKey}::uuid and round_id = ${roundId}) as stage,
      (select json_agg(json_build_object('doseNumber', dose_number, 'product', product, 'givenOn', given_on))
        from dose where person_key = ${person.personKey}::uuid) as doses,
      (select json_object_agg(p.product, last.day) from round_product p
        join lateral (select max(session_date)::text as day from slot s
          where s.round_id = p.round_id and s.product = p.product) last on last.day is not null
        where p.round_id = ${roundId}) as last_sessions
  `.execute(tx);
  const round = await findRound(tx, roundId);
  const facts = rows[0];
  if (!facts || !round) return refused({ code: 'noOpenRound' });
  const may = mayRegister(round, person, facts.now.toISOString());
  if (!may.ok) return may;
  if (facts.settled) return refused({ code: 'alreadySettled' });
  return accepted({
    round,
    priorityGroup: may.value.priorityGroup,
    lastSessionOn: new Map(Object.entries(facts.last_sessions ?? {})),
    doses: facts.doses ?? [],
    stage: facts.stage,
    live: facts.stage === null ? undefined : await findLiveRegistration(tx, person.personKey, roundId),
  });
}

interface Answers {
  readonly mobile: Mobile;
  readonly language: TextLanguage;
  readonly countyCode: string;
  readonly districtCode: string;
  readonly products: readonly string[];
  readonly mixedIntent: boolean;
  readonly priorityGroup: number;
}

async function registerAnew(
  ledger: Ledger,
  tx: LedgerTx,
  person: LockedPerson,
  roundId: string,
  answers: Answers,
  facts: RegistrationFacts,
): Promise<Decision<RegistrationOutcome>> {
  const to = stageAfter(facts.stage, 'register');
  if (!to) return { refusal: { code: 'alreadySettled' } };
  await sql`
    insert into participation (person_key, round_id, dose_number, stage, last_act)
    values (${person.personKey}::uuid, ${roundId}, ${nextDoseNumber(lastDoseOf(facts.doses))}, ${to}, 'register')
    on conflict (person_key, round_id) do update set stage = excluded.stage, last_act = excluded.last_act,
      dose_number = excluded.dose_number, stage_since = ledger_now()
  `.execute(tx);
  const contactId = await addContact(tx, ledger.keys, person.personKey, answers.mobile, answers.language);
  const { registration_number: registrationNumber } = await tx
    .insertInto('registration')
    .values({ person_key: person.personKey, round_id: roundId, contact_id: contactId, ...columns(answers) })
    .returning('registration_number')
    .executeTakeFirstOrThrow();
  await acknowledge(tx, person, 'registrationReceived', registrationNumber, roundId, contactId);
  return {
    outcome: { roundId, registrationNumber },
    act: 'register',
    detail: { roundId, registrationNumber },
  };
}

async function changeLive(
  ledger: Ledger,
  tx: LedgerTx,
  person: LockedPerson,
  live: RegistrationRow,
  answers: Answers,
): Promise<Decision<RegistrationOutcome>> {
  const { round_id: roundId, registration_number: registrationNumber } = live;
  const to = stageAfter(live.stage, 'change');
  if (!to) return { refusal: { code: 'alreadySettled' } };
  const sameReach = openMobile(ledger.keys, live) === answers.mobile && live.language === answers.language;
  const same =
    sameReach &&
    live.district_code === answers.districtCode &&
    live.priority_group === answers.priorityGroup &&
    live.mixed_intent === answers.mixedIntent &&
    live.products.join() === answers.products.join();
  if (same) return { outcome: { roundId, registrationNumber } };
  const contactId = sameReach
    ? live.contact_id
    : await addContact(tx, ledger.keys, person.personKey, answers.mobile, answers.language);
  await tx
    .updateTable('registration')
    .set({ contact_id: contactId, changed_at: sql`ledger_now()`, ...columns(answers) })
    .where('registration_number', '=', registrationNumber)
    .execute();
  await changeStage(tx, person.personKey, roundId, 'change', to);
  await acknowledge(tx, person, 'registrationChanged', registrationNumber, roundId, contactId);
  return { outcome: { roundId, registrationNumber }, act: 'change', detail: { roundId, registrationNumber } };
}

const columns = (answers: Answers) => ({
  county_code: answers.countyCode,
  district_code: answers.districtCode,
  products: [...answers.products],
  mixed_intent: answers.mixedIntent,
  priority_group: answers.priorityGroup,
});

/** Occasion: the registration and the version that the change gives the person, so each change is told once. */
async function acknowledge(
  tx: LedgerTx,
  person: LockedPerson,
  purpose: 'registrationReceived' | 'registrationChanged' | 'registrationWithdrawn',
  registrationNumber: string,
  roundId: string,
  contactId: string,
): Promise<void> {
  await queueText(tx, {
    personKey: person.personKey,
    purpose,
    occasion: `${registrationNumber}/${String(person.version + 1)}`,
    contactId,
    parameters: { registrationNumber, roundId },
  });
}
