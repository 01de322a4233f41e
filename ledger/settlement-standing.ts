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

/**
 * The standing of a person who was registered in `countyCode` when the round was settled; `undefined` before the
 * settlement and for who was not in it.
 */
export async function findStanding(
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
