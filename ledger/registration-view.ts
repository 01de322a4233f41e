/** A person's registration as the ledger keeps it, and as its owner reads it. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Stage } from '../domain/lifecycle/transitions';
import type { TextLanguage } from '../domain/text-message/templates';
import { openMobile } from './contact';
import type { Ledger, LedgerReader } from './database';

/** One's own registration; the mobile is in full, for the caller to mask. */
export interface RegistrationView {
  /** No order of service. */
  readonly registrationNumber: string;
  readonly roundId: string;
  readonly registeredAt: Instant;
  readonly changedAt: Instant | null;
  readonly mobile: string;
  readonly language: TextLanguage;
  readonly countyCode: string;
  readonly districtCode: string;
  readonly products: readonly string[];
  /** Agreed to a product that may follow the last dose only so (混打意願). */
  readonly mixedIntent: boolean;
  readonly priorityGroup: number;
  /** The round in which the person waited in vain before, whether brought here or registered anew; else `null`. */
  readonly carriedFrom: string | null;
  readonly stage: Stage;
}

/** The row with its contact and the stage of its participation. */
export interface RegistrationRow {
  registration_number: string;
  round_id: string;
  contact_id: string;
  mobile_cipher: Buffer;
  language: TextLanguage;
  county_code: string;
  district_code: string;
  products: string[];
  mixed_intent: boolean;
  priority_group: number;
  registered_at: Date;
  changed_at: Date | null;
  withdrawn_at: Date | null;
  carried_from: string | null;
  stage: Stage;
}

async function registrationRows(
  db: LedgerReader,
  personKey: string,
  roundId: string,
  registrationNumber: string | null = null,
): Promise<RegistrationRow[]> {
  const { rows } = await sql<RegistrationRow>`
    select r.*, c.mobile_cipher, c.language, p.stage
    from registration r join contact c using (contact_id)
    join participation p on p.person_key = r.person_key and p.round_id = r.round_id
    where r.person_key = ${personKey}::uuid and r.round_id = ${roundId}
      and (${registrationNumber}::text is null or r.registration_number = ${registrationNumber})
    order by r.withdrawn_at is null desc, r.registered_at desc, r.withdrawn_at desc limit 1
  `.execute(db);
  return rows;
}

/** The registration that counts: not withdrawn. */
export async function findLiveRegistration(
  db: LedgerReader,
  personKey: string,
  roundId: string,
): Promise<RegistrationRow | undefined> {
  const [row] = await registrationRows(db, personKey, roundId);
  return row?.withdrawn_at === null ? row : undefined;
}

/** One's registration in a round: the live one, else the one withdrawn last (stage `withdrawn`), else none. */
export async function readRegistration(
  ledger: Ledger,
  personKey: string,
  roundId: string,
): Promise<RegistrationView | undefined> {
  const [row] = await registrationRows(ledger.db, personKey, roundId);
  return row && viewOf(ledger, row);
}

/** What an accepted act came to; one answered before this was remembered has no number. */
export interface RegistrationOutcome {
  readonly roundId: string;
  readonly registrationNumber?: string;
}

/**
 * The registration that an act was accepted for. By its number: the same request made again is answered with the same
 * registration, though it was withdrawn since and another one made.
 */
export async function getRegistration(
  ledger: Ledger,
  personKey: string,
  { roundId, registrationNumber }: RegistrationOutcome,
): Promise<RegistrationView> {
  const [row] = await registrationRows(ledger.db, personKey, roundId, registrationNumber ?? null);
  if (!row) throw new Error('an accepted registration is not in the ledger');
  return viewOf(ledger, row);
}

function viewOf(ledger: Ledger, row: RegistrationRow): RegistrationView {
  return {
    registrationNumber: row.registration_number,
    roundId: row.round_id,
    registeredAt: row.registered_at.toISOString(),
    changedAt: row.changed_at?.toISOString() ?? null,
    mobile: openMobile(ledger.keys, row),
    language: row.language,
    countyCode: row.county_code,
    districtCode: row.district_code,
    products: row.products,
    mixedIntent: row.mixed_intent,
    priorityGroup: row.priority_group,
    carriedFrom: row.carried_from,
    stage: row.stage,
  };
}

/** What a person gave last, to propose it again: the mobile of their newest contact, the district of their newest registration. */
export async function readNewestContact(
  ledger: Ledger,
  personKey: string,
): Promise<{ readonly mobile: string; readonly districtCode: string | null } | undefined> {
  const { rows } = await sql<{
    contact_id: string;
    mobile_cipher: Buffer;
    district_code: string | null;
  }>`
    select c.contact_id, c.mobile_cipher, (select r.district_code from registration r
      where r.person_key = c.person_key order by r.registered_at desc limit 1) as district_code
    from contact c where c.person_key = ${personKey}::uuid order by c.given_at desc limit 1
  `.execute(ledger.db);
  const [row] = rows;
  return row && { mobile: openMobile(ledger.keys, row), districtCode: row.district_code };
}
