/** Who a person is to the ledger: taken over from the insurance registry, found by number, read for one's own pages. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { lastDoseOf, type DoseGiven } from '../domain/booking/booking-rules';
import type { PlainDate } from '../domain/civil-time/plain-date';
import type { ParentalConsent } from '../domain/consent/parental-consent';
import { normalisePersonNumber, type PersonNumberKind } from '../domain/person-number/person-number';
import { recordChange } from './citizen-command';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { blindIndex, seal, unseal } from './encryption';
import { consentsAreTakenOver, takeOverConsents } from './parental-consent';

/** What the insurance registry says of a person, as far as the ledger keeps it. The number in use comes first. */
export interface RegistryRecord {
  readonly registryPersonId: string;
  readonly name: string;
  readonly birthDate: PlainDate;
  readonly personNumbers: readonly {
    readonly number: string;
    readonly kind: PersonNumberKind;
    readonly validFrom: PlainDate | null;
    readonly validTo: PlainDate | null;
  }[];
  readonly priorityGroups: readonly number[];
  readonly previousDoses: readonly DoseGiven[];
  /** Guardians' consents that it knows of; those handed in here stand beside them. */
  readonly parentalConsents?: readonly ParentalConsent[];
}

/** A person as the ledger knows them once identified. */
export interface IdentifiedPerson {
  readonly personKey: string;
  readonly birthDate: PlainDate;
  readonly priorityGroups: readonly number[];
  readonly doses: readonly DoseGiven[];
}

/** What a person may read of themselves; names and numbers in full, for the caller to mask. */
export interface PersonView extends IdentifiedPerson {
  readonly name: string;
  /** The number in use: that which was valid from the latest day. */
  readonly personNumber: string;
  readonly personNumberKind: PersonNumberKind;
  readonly lastDose: DoseGiven | null;
}

/**
 * Takes a person over from the registry's record: new people get their key, known ones what the registry has anew.
 * Runs at every signing in; when nothing is new nothing is written. A number that the ledger has under another
 * person is left there: casework decides on duplicates (重號), never a sign-in.
 */
export async function identifyPerson(ledger: Ledger, record: RegistryRecord): Promise<IdentifiedPerson> {
  const known = await findByRegistryId(ledger, record.registryPersonId);
  if (known && (await isUpToDate(ledger, known, record))) return withDoses(ledger.db, known);
  return ledger.db.transaction().execute(async (tx) => {
    const person = await upsertPerson(ledger, tx, record);
    const numbers = await addNumbers(ledger, tx, person.personKey, record);
    const doses = await addDoses(tx, person.personKey, record.previousDoses);
    await takeOverConsents(tx, person.personKey, record.parentalConsents ?? []);
    // Whoever has no part in any round yet is nothing to the engine: no version, no snapshot.
    if (person.changed || doses > 0) {
      const known = await tx
        .selectFrom('participation')
        .select('round_id')
        .where('person_key', '=', person.personKey)
        .limit(1)
        .executeTakeFirst();
      const context = {
        personKey: person.personKey,
        actor: 'system',
        channel: 'insurance-registry',
      } as const;
      if (known) await recordChange(tx, context, 'identify', { numbers, doses });
    }
    return withDoses(tx, {
      personKey: person.personKey,
      birthDate: record.birthDate,
      priorityGroups: sorted(record.priorityGroups),
    });
  });
}

interface KnownPerson {
  readonly personKey: string;
  readonly birthDate: PlainDate;
  readonly priorityGroups: readonly number[];
  readonly nameCipher?: Buffer;
}

async function findByRegistryId(ledger: Ledger, registryPersonId: string): Promise<KnownPerson | undefined> {
  const row = await ledger.db
    .selectFrom('person')
    .select(['person_key', 'birth_date', 'priority_groups', 'name_cipher'])
    .where('registry_person_id', '=', registryPersonId)
    .executeTakeFirst();
  return (
    row && {
      personKey: row.person_key,
      birthDate: row.birth_date,
      priorityGroups: row.priority_groups,
      nameCipher: row.name_cipher,
    }
  );
}

async function isUpToDate(ledger: Ledger, known: KnownPerson, record: RegistryRecord): Promise<boolean> {
  if (known.birthDate !== record.birthDate) return false;
  if (sorted(known.priorityGroups).join() !== sorted(record.priorityGroups).join()) return false;
  if (!known.nameCipher || unseal(ledger.keys, known.personKey, known.nameCipher) !== record.name)
    return false;
  if (!(await consentsAreTakenOver(ledger.db, known.personKey, record.parentalConsents ?? []))) return false;
  const numbers = record.personNumbers;
  const { rows } = await sql<{ numbers: number; doses: number }>`
    select
      (select count(*)
        from unnest(${numbers.map(({ number }) => blindIndex(ledger.keys, number))}::bytea[],
          ${numbers.map(({ validFrom }) => validFrom)}::date[], ${numbers.map(({ validTo }) => validTo)}::date[])
          as told (number_index, valid_from, valid_to)
        join person_number n using (number_index)
        where n.person_key <> ${known.personKey}::uuid
          or (n.valid_from, n.valid_to) is not distinct from (told.valid_from, told.valid_to)) as numbers,
      (select count(*) from dose where person_key = ${known.personKey}::uuid
        and dose_number = any(${record.previousDoses.map(({ doseNumber }) => doseNumber)}::smallint[])) as doses
  `.execute(ledger.db);
  return rows[0]?.numbers === record.personNumbers.length && rows[0].doses === record.previousDoses.length;
}

const sorted = (groups: readonly number[]): number[] => [...groups].sort((a, b) => a - b);

async function upsertPerson(
  ledger: Ledger,
  tx: LedgerTx,
  record: RegistryRecord,
): Promise<{ personKey: string; changed: boolean }> {
  const newKey = randomUUID();
  const groups = sorted(record.priorityGroups);
  const { rows: inserted } = await sql<{ person_key: string }>`
    insert into person (person_key, registry_person_id, name_cipher, birth_date, priority_groups)
    values (${newKey}::uuid, ${record.registryPersonId}::uuid, ${seal(ledger.keys, newKey, record.name)},
      ${record.birthDate}::date, ${groups}::smallint[])
    on conflict (registry_person_id) do nothing returning person_key
  `.execute(tx);
  if (inserted[0]) return { personKey: newKey, changed: true };
  const { person_key: personKey } = await tx
    .selectFrom('person')
    .select('person_key')
    .where('registry_person_id', '=', record.registryPersonId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const { rows: changed } = await sql`
    update person set birth_date = ${record.birthDate}::date, priority_groups = ${groups}::smallint[]
    where person_key = ${personKey}::uuid
      and (birth_date, priority_groups) is distinct from (${record.birthDate}::date, ${groups}::smallint[])
    returning person_key
  `.execute(tx);
  await tx
    .updateTable('person')
    .set({ name_cipher: seal(ledger.keys, personKey, record.name) })
    .where('person_key', '=', personKey)
    .execute();
  return { personKey, changed: changed.length > 0 };
}

async function addNumbers(
  ledger: Ledger,
  tx: LedgerTx,
  personKey: string,
  record: RegistryRecord,
): Promise<number> {
  let added = 0;
  for (const { number, kind, validFrom, validTo } of record.personNumbers) {
    const id = randomUUID();
    const { rows } = await sql`
      insert into person_number (person_number_id, person_key, kind, number_cipher, number_index, valid_from, valid_to)
      values (${id}::uuid, ${personKey}::uuid, ${kind}, ${seal(ledger.keys, id, number)},
        ${blindIndex(ledger.keys, number)}, ${validFrom}::date, ${validTo}::date)
      on conflict (number_index) do update set valid_from = excluded.valid_from, valid_to = excluded.valid_to
        where person_number.person_key = excluded.person_key
          and (person_number.valid_from, person_number.valid_to) is distinct from (excluded.valid_from, excluded.valid_to)
      returning xmax = 0 as inserted
    `.execute(tx);
    added += rows.length;
  }
  return added;
}

async function addDoses(tx: LedgerTx, personKey: string, doses: readonly DoseGiven[]): Promise<number> {
  let added = 0;
  for (const { doseNumber, product, givenOn } of doses) {
    const { rows } = await sql`
      insert into dose (person_key, dose_number, product, given_on, source)
      values (${personKey}::uuid, ${doseNumber}, ${product}, ${givenOn}::date, 'registry')
      on conflict (person_key, dose_number) do nothing returning dose_id
    `.execute(tx);
    added += rows.length;
  }
  return added;
}

async function withDoses(db: LedgerReader, person: KnownPerson): Promise<IdentifiedPerson> {
  return {
    personKey: person.personKey,
    birthDate: person.birthDate,
    priorityGroups: person.priorityGroups,
    doses: await readDoses(db, person.personKey),
  };
}

/** The doses of a person, in the order of their numbers. */
export async function readDoses(db: LedgerReader, personKey: string): Promise<readonly DoseGiven[]> {
  const rows = await db
    .selectFrom('dose')
    .select(['dose_number', 'product', 'given_on'])
    .where('person_key', '=', personKey)
    .orderBy('dose_number')
    .execute();
  return rows.map((row) => ({ doseNumber: row.dose_number, product: row.product, givenOn: row.given_on }));
}

/** Reads a person decrypted, for their own pages. Throws when there is none: the key comes from a session. */
export async function readPerson(ledger: Ledger, personKey: string): Promise<PersonView> {
  const person = await ledger.db
    .selectFrom('person')
    .select(['birth_date', 'priority_groups', 'name_cipher'])
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  const number = await ledger.db
    .selectFrom('person_number')
    .select(['person_number_id', 'kind', 'number_cipher'])
    .where('person_key', '=', personKey)
    .orderBy(sql`coalesce(valid_to, 'infinity'::date) desc, coalesce(valid_from, '-infinity'::date) desc`)
    .orderBy('person_number_id')
    .limit(1)
    .executeTakeFirstOrThrow();
  const doses = await readDoses(ledger.db, personKey);
  return {
    personKey,
    birthDate: person.birth_date,
    priorityGroups: person.priority_groups,
    doses,
    lastDose: lastDoseOf(doses),
    name: unseal(ledger.keys, personKey, person.name_cipher),
    personNumber: unseal(ledger.keys, number.person_number_id, number.number_cipher),
    personNumberKind: number.kind as PersonNumberKind,
  };
}

/** The key of the person of that number, whichever of their numbers it is and however it was typed. */
export async function findPersonKey(ledger: Ledger, personNumber: string): Promise<string | undefined> {
  const row = await ledger.db
    .selectFrom('person_number')
    .select('person_key')
    .where('number_index', '=', blindIndex(ledger.keys, normalisePersonNumber(personNumber)))
    .executeTakeFirst();
  return row?.person_key;
}

/** The blind indexes of the numbers by which a person is known. */
export async function readNumberIndexes(db: LedgerReader, personKey: string): Promise<readonly Buffer[]> {
  const rows = await db
    .selectFrom('person_number')
    .select('number_index')
    .where('person_key', '=', personKey)
    .execute();
  return rows.map((row) => row.number_index);
}

/** The insurance registry's own id of a person. Throws when there is none: the key comes from a session. */
export async function registryIdOf(db: LedgerReader, personKey: string): Promise<string> {
  const row = await db
    .selectFrom('person')
    .select('registry_person_id')
    .where('person_key', '=', personKey)
    .executeTakeFirstOrThrow();
  return row.registry_person_id;
}
