/** Why one person was invited or was not, from the very evidence that the settlement was decided by. */
import { standingOf, type ProductStanding } from '../domain/settlement/standing';
import type { LedgerReader } from './database';
import { findEvidenceOf } from './settlement-evidence';
import { readCutOffs } from './settlement-outcome';
import { findSignedRecord, type SettlementRecord } from './settlement-record';

/** A person's place in a settlement. */
export interface SettlementStanding {
  /** By which the person is found in the export; nobody can tell the person from it. */
  readonly lot: string;
  readonly products: readonly ProductStanding[];
}

/** The same with where and when. */
export interface OwnStanding extends SettlementStanding {
  readonly roundId: string;
  readonly countyCode: string;
}

/**
 * Every settlement that a person's live registrations were in, the newest first; also those of rounds that have closed
 * since, and of registrations that were carried over.
 */
export async function readStandings(db: LedgerReader, personKey: string): Promise<readonly OwnStanding[]> {
  const registrations = await db
    .selectFrom('registration as r')
    .innerJoin('settlement as s', 's.round_id', 'r.round_id')
    .select(['r.round_id', 'r.county_code'])
    .where('r.person_key', '=', personKey)
    .where('r.withdrawn_at', 'is', null)
    .where('s.record', 'is not', null)
    .orderBy('s.settled_at', 'desc')
    .execute();
  const standings: OwnStanding[] = [];
  for (const { round_id: roundId, county_code: countyCode } of registrations) {
    const standing = await findStanding(db, roundId, { personKey, countyCode });
    if (standing) standings.push({ ...standing, roundId, countyCode });
  }
  return standings;
}

/** Of these, the newest that a registration was in: its own round's, else that which it was carried over from. */
export function standingBehind(
  standings: readonly OwnStanding[],
  registration: { readonly roundId: string; readonly carriedFrom: string | null },
): OwnStanding | undefined {
  const of = (roundId: string | null) => standings.find((one) => one.roundId === roundId);
  return of(registration.roundId) ?? of(registration.carriedFrom);
}

/**
 * The standing of a person who was registered in `countyCode` when the round was settled; `undefined` before the
 * settlement and for who was not in it.
 */
async function findStanding(
  db: LedgerReader,
  roundId: string,
  person: { readonly personKey: string; readonly countyCode: string },
): Promise<SettlementStanding | undefined> {
  const signed = await findSignedRecord(db, roundId);
  if (!signed) return undefined;
  const evidence = await findEvidenceOf(db, roundId, person);
  if (!evidence) return undefined;
  const { rules } = JSON.parse(signed.record) as SettlementRecord;
  const cutOffs = await readCutOffs(db, roundId, person.countyCode);
  return { lot: evidence.facts.lot, products: standingOf(rules, evidence.facts, evidence.result, cutOffs) };
}
