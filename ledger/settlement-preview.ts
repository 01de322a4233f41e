/** What a settlement would come to now: ranked by the same statements, counted, and rolled back. */
import { sql } from 'kysely';

import type { Ledger } from './database';
import {
  areaCountOf,
  cutOffOf,
  rankedAreas,
  rankedCutOffs,
  type AreaCount,
  type CutOff,
} from './settlement-outcome';
import { boundResources, rank, readSettlementRules } from './settlement-ranking';

/** Nothing of it is kept. */
export interface SettlementPreview {
  readonly roundId: string;
  readonly registrations: number;
  readonly invited: number;
  readonly cutOffs: readonly CutOff[];
  readonly areas: readonly AreaCount[];
  /** County by product by group. */
  readonly invitations: readonly InvitationCount[];
}

export interface InvitationCount {
  readonly countyCode: string;
  readonly product: string;
  readonly priorityGroup: number;
  readonly invited: number;
}

/** Ends the transaction of a preview, whatever it did. */
class NothingIsKept extends Error {}

/**
 * Ranks everyone registered in the round as it stands, changing nothing, not even after the settlement. Takes as long
 * as deciding does. Throws when there is no such round.
 */
export async function previewSettlement(ledger: Ledger, roundId: string): Promise<SettlementPreview> {
  let preview: SettlementPreview | undefined;
  await ledger.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const rules = await readSettlementRules(tx, roundId);
      await boundResources(tx, roundId);
      const registrations = await rank(tx, rules);
      const { rows: cutOffs } = await rankedCutOffs(rules).execute(tx);
      const { rows: areas } = await rankedAreas.execute(tx);
      const { rows: invitations } = await sql<InvitationCount>`
        select x.county_code as "countyCode", x.product, c.priority_group as "priorityGroup", count(*) as invited
        from settlement_chosen x join settlement_candidate c using (person_key)
        group by 1, 2, 3, x.place order by 1, x.place, 3
      `.execute(tx);
      preview = {
        roundId,
        registrations,
        invited: areas.reduce((sum, { invited }) => sum + invited, 0),
        cutOffs: cutOffs.map(cutOffOf),
        areas: areas.map(areaCountOf),
        invitations,
      };
      throw new NothingIsKept();
    })
    .catch((error: unknown) => {
      if (!(error instanceof NothingIsKept)) throw error;
    });
  if (!preview) throw new Error('a preview came to nothing');
  return preview;
}
