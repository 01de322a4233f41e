/** A stand-in for the insurance registry: an HTTP server over the people in the schema `simulated_registry`. */
import { timingSafeEqual } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Type } from 'typebox';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { Pool } from 'pg';
import { canonicalAddress } from '../../domain/card-account/household';
import { parsePersonNumber, type PersonNumberKind } from '../../domain/person-number/person-number';
import {
  cardStatusPath,
  cardStatusRequest,
  householdPath,
  householdRequest,
  kinshipPath,
  kinshipRequest,
  provedPath,
  provedRequest,
  lookupPath,
  lookupRequest,
  verificationPath,
  verificationRequest,
  type HouseholdRequest,
  type KinshipRequest,
  type VerificationAnswer,
  type VerificationRequest,
} from './protocol';

/** What can be made to go wrong, by code or by `PUT /simulation/faults`. */
export interface RegistryFaults {
  /** Every question is answered with 503. */
  readonly outage?: boolean;
  /** Added to every answer, milliseconds. */
  readonly slowByMs?: number;
}

export interface RegistrySimulatorSettings {
  readonly databaseUrl: string;
  /** Free port when left out. */
  readonly port?: number;
  readonly host?: string;
  /** Every answer takes this long, or a whole multiple of it, whether somebody was found or not. */
  readonly answerAfterMs?: number;
}

export interface RegistrySimulator {
  /** Origin under which it answers, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  setFaults(faults: RegistryFaults): void;
  close(): Promise<void>;
}

interface InsuredRow {
  readonly registry_person_id: string;
  readonly name: string;
  readonly birth_date: string;
  readonly card_number: string;
  readonly priority_groups: number[];
  readonly numbers: string[];
  readonly duplicate_cleared: boolean;
  readonly parental_consents: { readonly product: string | null; readonly consentedOn: string }[];
  readonly doses: { readonly product: string; readonly givenOn: string; readonly doseNumber: number }[];
}

const defaultAnswerAfterMs = 20;

/** What happened last reaches the registry's own views after so many days. */
const daysUntilKnown = 2;

/** Until when old UI numbers are good for anything. */
const oldUiNumbersEnd = '2031-01-01';

const faultsBody = Type.Object(
  {
    outage: Type.Optional(Type.Boolean()),
    slowByMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })),
  },
  { additionalProperties: false },
);

const findInsured = `
  select p.registry_person_id, p.name, p.birth_date::text as birth_date, p.card_number, p.priority_groups,
    p.parental_consents, p.duplicate_cleared,
    (select array_agg(n.number order by n.place) from simulated_registry.insured_number n
      where n.registry_person_id = p.registry_person_id) as numbers,
    (select coalesce(json_agg(json_build_object('product', d.product, 'givenOn', d.given_on, 'doseNumber', d.dose_number)
        order by d.dose_number), '[]') from simulated_registry.previous_dose d
      where d.registry_person_id = p.registry_person_id) as doses
  from simulated_registry.insured_number asked join simulated_registry.insured_person p using (registry_person_id)
  where asked.number = $1`;

interface CardRow extends Pick<InsuredRow, 'card_number' | 'priority_groups'> {
  readonly insured: string | null;
  readonly last_not_insured_on: string | null;
  readonly has_arrears: boolean | null;
  readonly issues: { readonly issuedOn: string; readonly way: string; readonly reason: string }[];
  readonly reaches: { readonly from: string; readonly to: string };
}

const findCard = `
  with reaches as (
    select (date_trunc('month', now() at time zone 'Asia/Taipei') - interval '1 year')::date as first,
      (now() at time zone 'Asia/Taipei')::date - ${daysUntilKnown} as last)
  select p.card_number, p.priority_groups, p.insured, p.last_not_insured_on::text as last_not_insured_on, p.has_arrears,
    json_build_object('from', r.first, 'to', r.last) as reaches,
    (select coalesce(json_agg(issue order by issue->>'issuedOn' desc), '[]')
      from jsonb_array_elements(p.card_issues) issue
      where (issue->>'issuedOn')::date between r.first and r.last) as issues
  from simulated_registry.insured_person p cross join reaches r where p.registry_person_id = $1`;

interface HouseholdRow {
  readonly household_number: string | null;
  readonly registered_address: string | null;
}

const findHousehold = `
  select household_number, registered_address from simulated_registry.insured_person where registry_person_id = $1`;

function sameHousehold(asked: HouseholdRequest, row: HouseholdRow | undefined): boolean {
  if (!row?.household_number || !row.registered_address) return false;
  return (
    row.household_number === asked.householdNumber &&
    canonicalAddress(row.registered_address) === asked.registeredAddress
  );
}

const findKinship = `
  select from simulated_registry.parent_of where parent_id = $1 and child_id = $2`;

/** What names the other besides the number: the card of a child, the birth date of a parent. */
function named(asked: KinshipRequest, row: InsuredRow): boolean {
  return asked.kin === 'child' ? row.card_number === asked.cardNumber : row.birth_date === asked.birthDate;
}

/** Starts the simulator; it listens when the promise resolves. It logs nothing, since every question is personal. */
export async function startRegistrySimulator(
  settings: RegistrySimulatorSettings,
): Promise<RegistrySimulator> {
  const pool = new Pool({
    connectionString: settings.databaseUrl,
    max: 4,
    application_name: 'registry-simulator',
  });
  pool.on('error', () => {
    // The pool replaces a broken idle connection by itself; the next question shows whether that worked.
  });
  const answerAfterMs = settings.answerAfterMs ?? defaultAnswerAfterMs;
  let faults: RegistryFaults = {};
  const setFaults = (next: RegistryFaults): void => {
    faults = next;
  };

  const app = fastify({ forceCloseConnections: true })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(TypeBoxValidatorCompiler);
  // What a validator or the database says may quote the question: only the status leaves.
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ status: error.statusCode ?? 500 }),
  );
  const evenly = async <Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> => {
    const { outage = false, slowByMs = 0 } = faults;
    const askedAt = performance.now();
    // Unreferenced: a slow answer must not keep the process alive after the server was closed.
    if (slowByMs > 0) await pause(slowByMs, undefined, { ref: false });
    if (outage) return undefined;
    const answer = await work();
    const taken = performance.now() - askedAt - slowByMs;
    await pause(answerAfterMs * Math.max(1, Math.ceil(taken / answerAfterMs)) - taken);
    return answer;
  };
  const answerFor = (personNumber: string, judge: (row: InsuredRow | undefined) => VerificationAnswer) =>
    evenly(async () => judge((await pool.query<InsuredRow>(findInsured, [personNumber])).rows[0]));
  app.post(verificationPath, { schema: { body: verificationRequest } }, async ({ body }, reply) => {
    const answer = await answerFor(body.personNumber, (row) => answerTo(body, row));
    return answer ?? reply.code(503).send({ status: 503 });
  });
  app.post(lookupPath, { schema: { body: lookupRequest } }, async ({ body }, reply) => {
    const answer = await answerFor(body.personNumber, (row) =>
      row?.birth_date === body.birthDate ? matchOf(row) : { outcome: 'noMatch' },
    );
    return answer ?? reply.code(503).send({ status: 503 });
  });
  app.post(provedPath, { schema: { body: provedRequest } }, async ({ body }, reply) => {
    const answer = await answerFor(body.personNumber, (row) => (row ? matchOf(row) : { outcome: 'noMatch' }));
    return answer ?? reply.code(503).send({ status: 503 });
  });
  app.post(householdPath, { schema: { body: householdRequest } }, async ({ body }, reply) => {
    const answer = await evenly(async () => {
      const { rows } = await pool.query<HouseholdRow>(findHousehold, [body.registryPersonId]);
      return { outcome: sameHousehold(body, rows[0]) ? 'match' : 'noMatch' };
    });
    return answer ?? reply.code(503).send({ status: 503 });
  });
  app.post(kinshipPath, { schema: { body: kinshipRequest } }, async ({ body }, reply) => {
    const answer = await evenly<VerificationAnswer>(async () => {
      const { rows } = await pool.query<InsuredRow>(findInsured, [body.personNumber]);
      const [row] = rows;
      if (!row || !named(body, row)) return { outcome: 'noMatch' };
      const [parent, child] = [body.registryPersonId, row.registry_person_id];
      const pair = body.kin === 'child' ? [parent, child] : [child, parent];
      const { rowCount } = await pool.query(findKinship, pair);
      return rowCount === 1 ? matchOf(row) : { outcome: 'noMatch' };
    });
    return answer ?? reply.code(503).send({ status: 503 });
  });
  app.post(cardStatusPath, { schema: { body: cardStatusRequest } }, async ({ body }, reply) => {
    const answer = await evenly(async () => {
      const { rows } = await pool.query<CardRow>(findCard, [body.registryPersonId]);
      const [card] = rows;
      if (!card) return { outcome: 'nothing' };
      return {
        outcome: 'found',
        cardNumber: card.card_number,
        priorityGroups: card.priority_groups,
        ...(card.insured !== null && { insured: card.insured }),
        ...(card.last_not_insured_on !== null && { lastNotInsuredOn: card.last_not_insured_on }),
        ...(card.has_arrears !== null && { hasArrears: card.has_arrears }),
        issues: card.issues,
        reaches: card.reaches,
      };
    });
    return answer ?? reply.code(503).send({ status: 503 });
  });
  app.put('/simulation/faults', { schema: { body: faultsBody } }, async (request, reply) => {
    setFaults(request.body);
    return reply.code(204).send();
  });
  app.get('/healthz', async () => ({ status: 'up' }));

  const close = async (): Promise<void> => {
    await app.close();
    await pool.end();
  };
  try {
    const url = await app.listen({ port: settings.port ?? 0, host: settings.host ?? '127.0.0.1' });
    return { url, setFaults, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const nobodysCard = '-'.repeat(12);

function answerTo(asked: VerificationRequest, row: InsuredRow | undefined): VerificationAnswer {
  const same = timingSafeEqual(Buffer.from(asked.cardNumber), Buffer.from(row?.card_number ?? nobodysCard));
  if (!row || !same) return { outcome: 'noMatch' };
  return matchOf(row);
}

function matchOf(row: InsuredRow): VerificationAnswer {
  const numbers = row.numbers.map((number) => ({ number, kind: kindOf(number) }));
  return {
    outcome: 'match',
    person: {
      registryPersonId: row.registry_person_id,
      name: row.name,
      birthDate: row.birth_date,
      sex: sexOf(row.numbers[0] ?? ''),
      personNumbers: numbers.map(({ number, kind }) => ({
        number,
        validFrom: null,
        validTo: kind === 'oldUiNumber' ? oldUiNumbersEnd : null,
      })),
      cardNumber: row.card_number,
      priorityGroups: row.priority_groups,
      previousDoses: row.doses,
      parentalConsents: row.parental_consents,
      duplicateCleared: row.duplicate_cleared,
    },
  };
}

function kindOf(number: string): PersonNumberKind {
  const parsed = parsePersonNumber(number);
  if ('refusal' in parsed) throw new Error('the simulated registry holds a number that is none');
  return parsed.kind;
}

/** All three kinds of number tell the sex by their second character. */
function sexOf(number: string): 'male' | 'female' {
  return ['1', '8', 'A', 'C'].includes(number.charAt(1)) ? 'male' : 'female';
}
