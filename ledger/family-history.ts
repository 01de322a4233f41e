/** What was done within a family, as both people read it: by whom, for whom, and what. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Act } from '../domain/lifecycle/transitions';
import type { LedgerReader } from './database';
import { familyActNames, type FamilyAct } from './family-bond';

/** One line of the history; numbers of appointments and registrations are the person's for whom it was done. */
export interface FamilyEntry {
  readonly at: Instant;
  readonly act: Act | FamilyAct | 'recordConsent' | 'revokeConsent' | 'joinWaitingList' | 'leaveWaitingList';
  /** The person who reads: did it themselves, or had it done by the other. */
  readonly role: 'did' | 'wasDone';
  /** The other of the two. */
  readonly otherKey: string;
  readonly number: string | null;
}

const mostListed = 50;

/**
 * The entries of a person's history that came of their family, newest first. `family:ID/by:KEY` stands in the history of
 * whom it was done for, `/for:KEY` in that of who did it, `/from:KEY` where the other began, answered or ended a bond;
 * what a person did about a bond themselves stands under their own door.
 */
export async function familyHistoryOf(db: LedgerReader, personKey: string): Promise<readonly FamilyEntry[]> {
  const { rows } = await sql<{
    ledger_time: Date;
    act: FamilyEntry['act'];
    way: 'by' | 'for' | 'from' | null;
    other_key: string;
    number: string | null;
  }>`
    select e.ledger_time, e.act, substring(e.channel from '^family:[^/]*/(by|for|from):') as way,
      coalesce(substring(e.channel from '^family:[^/]*/(?:by|for|from):(.*)$'),
        case when b.by_key = e.person_key then b.for_key else b.by_key end::text) as other_key,
      coalesce(e.detail ->> 'appointmentNumber', e.detail ->> 'registrationNumber', e.detail ->> 'ticket') as number
    from audit_entry e
    left join family_bond b on e.act = any(${[...familyActNames]}::text[])
      and b.family_bond_id = (e.detail ->> 'familyBondId')::uuid
    where e.person_key = ${personKey}::uuid
      and (e.channel like 'family:%' or e.act = any(${[...familyActNames]}::text[]))
    order by e.recorded_at desc, e.audit_entry_id desc limit ${mostListed}
  `.execute(db);
  return rows.map((row) => ({
    at: row.ledger_time.toISOString(),
    act: row.act,
    role: row.way === 'for' || row.way === null ? 'did' : 'wasDone',
    otherKey: row.other_key,
    number: row.number,
  }));
}
