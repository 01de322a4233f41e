/** Parental consents (監護人同意): handed in by operators or told by the registry, read where somebody books. */
import { sql } from 'kysely';

import type { PlainDate } from '../domain/civil-time/plain-date';
import type { ParentalConsent } from '../domain/consent/parental-consent';
import { parsePersonNumber } from '../domain/person-number/person-number';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { blindIndex, type LedgerKeys } from './encryption';
import { operatorChannel, recordOperatorAct } from './operator-audit';

/** A consent as it is handed in; the number is that of the young person, as written. */
export interface ConsentNotice extends ParentalConsent {
  readonly personNumber: string;
}

export const consentAnswers = [
  'recorded',
  /** The same consent stands already. */
  'alreadyRecorded',
  /** Nobody of that number has been here yet; it is taken over when they first sign in. */
  'awaitingPerson',
  'personNumberInvalid',
  'productUnknown',
  'dateInFuture',
] as const;
export type ConsentAnswer = (typeof consentAnswers)[number];

export const revocationAnswers = ['revoked', 'notFound', 'personNumberInvalid'] as const;
export type RevocationAnswer = (typeof revocationAnswers)[number];

const registrySource = 'insurance-registry';

/** The consents of a person that stand. */
export async function readParentalConsents(
  db: LedgerReader,
  personKey: string,
): Promise<readonly ParentalConsent[]> {
  const rows = await db
    .selectFrom('parental_consent')
    .select(['product', 'consented_on'])
    .where('person_key', '=', personKey)
    .where('revoked_at', 'is', null)
    .orderBy('consented_on')
    .execute();
  return rows.map((row) => ({ product: row.product, consentedOn: row.consented_on }));
}

/** Records consents, each answered by itself and in their order; repeating them changes nothing. */
export async function recordConsents(
  ledger: Ledger,
  operatorId: string,
  notices: readonly ConsentNotice[],
): Promise<readonly ConsentAnswer[]> {
  return ledger.db.transaction().execute(async (tx) => {
    const told = columnsOf(ledger.keys, notices);
    await lockPeople(tx, told.indexes);
    // Of two lines that say the same, and of two that come at once, one records it and the other finds it there.
    const { rows } = await sql<{ place: number; answer: ConsentAnswer }>`
      with told as materialized (
        select t.place, t.number_index, t.product, t.consented_on,
          (select n.person_key from person_number n where n.number_index = t.number_index) as person_key,
          case when t.number_index is null then 'personNumberInvalid'
            when t.consented_on > ledger_today() then 'dateInFuture'
            when t.product is not null and not exists (select from vaccine_product v where v.product = t.product)
              then 'productUnknown' end as wrong
        from unnest(${told.indexes}::bytea[], ${told.products}::text[], ${told.dates}::date[])
          with ordinality as t (number_index, product, consented_on, place)
      ), recorded as (
        insert into parental_consent as c (person_key, product, consented_on, recorded_by)
        select distinct person_key, product, consented_on, ${operatorChannel(operatorId)} from told
        where wrong is null and person_key is not null
        on conflict on constraint parental_consent_once do update
          set revoked_at = null, recorded_by = excluded.recorded_by, recorded_at = ledger_now()
          where c.revoked_at is not null
        returning person_key, product, consented_on
      ), touched as (
        -- Bookings under way were decided on the row as it was: a new one tells them that the facts have changed.
        update person p set version = version from recorded r where p.person_key = r.person_key
      ), awaited as (
        insert into awaited_parental_consent (number_index, product, consented_on, recorded_by)
        select distinct number_index, product, consented_on, ${operatorChannel(operatorId)} from told
        where wrong is null and person_key is null
        on conflict on constraint awaited_parental_consent_once do nothing
      ), history as (
        insert into audit_entry (person_key, version, act, actor, channel, detail)
        select r.person_key, p.version, 'recordConsent', 'staff', ${operatorChannel(operatorId)},
          jsonb_strip_nulls(jsonb_build_object('product', r.product, 'consentedOn', r.consented_on))
        from recorded r join person p using (person_key)
      )
      select t.place, coalesce(t.wrong, case when t.person_key is null then 'awaitingPerson'
        when r.person_key is null then 'alreadyRecorded' else 'recorded' end) as answer
      from told t left join recorded r on r.person_key = t.person_key
        and r.product is not distinct from t.product and r.consented_on = t.consented_on
      order by t.place
    `.execute(tx);
    const answers = rows.map(({ answer }) => answer);
    await recordOperatorAct(tx, operatorId, 'recordConsents', counted(answers));
    return answers;
  });
}

/** Revokes a person's consents, to one product (and then only that) or, with `null`, all of them. */
export async function revokeConsents(
  ledger: Ledger,
  operatorId: string,
  wishes: readonly { readonly personNumber: string; readonly product: string | null }[],
): Promise<readonly RevocationAnswer[]> {
  return ledger.db.transaction().execute(async (tx) => {
    await lockPeople(
      tx,
      wishes.map(({ personNumber }) => indexOf(ledger.keys, personNumber)),
    );
    const answers: RevocationAnswer[] = [];
    for (const { personNumber, product } of wishes) {
      const index = indexOf(ledger.keys, personNumber);
      answers.push(index ? await revoke(tx, operatorId, index, product) : 'personNumberInvalid');
    }
    await recordOperatorAct(tx, operatorId, 'revokeConsents', counted(answers));
    return answers;
  });
}

/** In the order of keys, as everybody does who takes several people. */
async function lockPeople(tx: LedgerTx, indexes: readonly (Buffer | null)[]): Promise<void> {
  await sql`
    select count(*) from (
      select from person where person_key in (
        select person_key from person_number where number_index = any(${[...indexes]}::bytea[]))
      order by person_key for no key update
    ) locked
  `.execute(tx);
}

async function revoke(
  tx: LedgerTx,
  operatorId: string,
  numberIndex: Buffer,
  product: string | null,
): Promise<RevocationAnswer> {
  const { rows } = await sql<{ found: boolean }>`
    with revoked as (
      update parental_consent c set revoked_at = ledger_now()
      from person_number n
      where n.number_index = ${numberIndex} and c.person_key = n.person_key and c.revoked_at is null
        and (${product}::text is null or c.product = ${product})
      returning c.person_key, c.product
    ), touched as (
      update person p set version = version from revoked r where p.person_key = r.person_key
    ), dropped as (
      delete from awaited_parental_consent
      where number_index = ${numberIndex} and (${product}::text is null or product = ${product})
      returning number_index
    ), history as (
      insert into audit_entry (person_key, version, act, actor, channel, detail)
      select r.person_key, p.version, 'revokeConsent', 'staff', ${operatorChannel(operatorId)},
        jsonb_strip_nulls(jsonb_build_object('product', r.product))
      from revoked r join person p using (person_key)
    )
    select exists (select from revoked) or exists (select from dropped) as found
  `.execute(tx);
  return rows[0]?.found ? 'revoked' : 'notFound';
}

/** Are there consents that `takeOverConsents` would still take over? Asked at every signing in. */
export async function consentsAreTakenOver(
  db: LedgerReader,
  personKey: string,
  fromRegistry: readonly ParentalConsent[],
): Promise<boolean> {
  const { rows } = await sql<{ missing: boolean }>`
    select exists (${missingOf(personKey, fromRegistry)})
      or exists (select from awaited_parental_consent a join person_number n using (number_index)
        where n.person_key = ${personKey}::uuid) as missing
  `.execute(db);
  return rows[0]?.missing === false;
}

/** Gives a person the consents that the registry tells of and those that were handed in before they were known. */
export async function takeOverConsents(
  tx: LedgerTx,
  personKey: string,
  fromRegistry: readonly ParentalConsent[],
): Promise<void> {
  await sql`
    insert into parental_consent (person_key, product, consented_on, recorded_by)
    select ${personKey}::uuid, product, consented_on, ${registrySource}
    from (${missingOf(personKey, fromRegistry)}) missing
    on conflict on constraint parental_consent_once do nothing
  `.execute(tx);
  await sql`
    with taken as (
      delete from awaited_parental_consent a using person_number n
      where n.number_index = a.number_index and n.person_key = ${personKey}::uuid
      returning a.product, a.consented_on, a.recorded_by, a.recorded_at
    )
    insert into parental_consent (person_key, product, consented_on, recorded_by, recorded_at)
    select distinct on (product, consented_on) ${personKey}::uuid, product, consented_on, recorded_by, recorded_at
    from taken order by product, consented_on, recorded_at
    on conflict on constraint parental_consent_once do nothing
  `.execute(tx);
}

/** What the registry tells and we do not have; one that was revoked here stays so, a vaccine unknown here is left. */
function missingOf(personKey: string, consents: readonly ParentalConsent[]) {
  return sql<{ product: string | null; consented_on: PlainDate }>`
    select distinct t.product, t.consented_on
    from unnest(${consents.map(({ product }) => product)}::text[],
      ${consents.map(({ consentedOn }) => consentedOn)}::date[]) as t (product, consented_on)
    where (t.product is null or exists (select from vaccine_product v where v.product = t.product))
      and not exists (select from parental_consent c where c.person_key = ${personKey}::uuid
        and c.product is not distinct from t.product and c.consented_on = t.consented_on)
  `;
}

function columnsOf(keys: LedgerKeys, notices: readonly ConsentNotice[]) {
  return {
    indexes: notices.map(({ personNumber }) => indexOf(keys, personNumber)),
    products: notices.map(({ product }) => product),
    dates: notices.map(({ consentedOn }) => consentedOn),
  };
}

function indexOf(keys: LedgerKeys, personNumber: string): Buffer | null {
  const parsed = parsePersonNumber(personNumber);
  return 'refusal' in parsed ? null : blindIndex(keys, parsed.number);
}

function counted(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}
