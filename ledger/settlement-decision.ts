/** The decision of a settlement: one transaction that ranks, keeps the evidence, writes the invitations and signs. */
import { sql } from 'kysely';

import { settlementRules } from '../domain/settlement/assignment';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import type { RoundStepResult } from './round-batches';
import { keepEvidence } from './settlement-evidence';
import { rankedAreas, rankedCutOffs } from './settlement-outcome';
import { boundResources, rank, readSettlementRules, type RankingBounds } from './settlement-ranking';
import { signRecord } from './settlement-record';

/** What it took. Empty for a settlement made before this was measured. */
export interface SettlementResources extends Partial<RankingBounds> {
  readonly decideSeconds?: number;
  readonly candidateTableMb?: number;
  /** Of the whole database meanwhile: sorts and hashes that did not fit into memory. */
  readonly tempFileMb?: number;
  readonly carryOutSeconds?: number;
  /** People of the last run that ended; less than `invited` when an earlier one was cut off. */
  readonly carriedOut?: number;
}

/** Ranks everyone and signs what comes of it, unless that was done; `touched` counts those invited by this call. */
export async function decideSettlement(ledger: Ledger, roundId: string): Promise<RoundStepResult> {
  const before = await tempFileBytes(ledger.db);
  const from = Date.now();
  const decision = await ledger.db
    .transaction()
    .execute((tx) => decideIn(tx, roundId, ledger.keys.settlementSeed));
  if (!decision) return { answer: 'done', touched: 0 };
  const resources: SettlementResources = {
    ...decision.used,
    decideSeconds: secondsSince(from),
    tempFileMb: megabytes((await tempFileBytes(ledger.db)) - before),
  };
  await sql`
    update settlement set resources = ${JSON.stringify(resources)}::jsonb || resources where round_id = ${roundId}
  `.execute(ledger.db);
  return { answer: 'done', touched: decision.invited };
}

async function decideIn(
  tx: LedgerTx,
  roundId: string,
  seed: Buffer | undefined,
): Promise<{ readonly used: SettlementResources; readonly invited: number } | undefined> {
  const { rows } = await sql<{ settled_at: Date; decided: boolean }>`
    select settled_at, decided_at is not null as decided from settlement where round_id = ${roundId} for update
  `.execute(tx);
  const [settlement] = rows;
  if (!settlement || settlement.decided) return undefined;
  if (!seed) throw new Error('a settlement is signed: set YIYUE_SETTLEMENT_KEY');
  const bounds = await boundResources(tx, roundId);
  const rules = await readSettlementRules(tx, roundId);
  const registrations = await rank(tx, rules);
  const digests = await keepEvidence(tx, roundId);
  await sql`
    insert into settlement_cut_off (product, county_code, doses, contenders, invited, last_group, last_birth_date, round_id)
    select ranked.*, ${roundId} from (${rankedCutOffs(rules)}) ranked
  `.execute(tx);
  await sql`
    insert into settlement_area (county_code, priority_group, registered, invited, round_id)
    select ranked.*, ${roundId} from (${rankedAreas}) ranked
  `.execute(tx);
  const { numAffectedRows } = await sql`
    insert into invitation (person_key, round_id, product, dose_number, rank, opens_at, closes_at, invited_at)
    select x.person_key, ${roundId}, x.product, x.dose_number, x.rank, x.opens_at, x.closes_at, t.now
    from settlement_chosen x, (select ledger_now() as now offset 0) t
    -- In the order in which the batches read them.
    order by x.person_key
  `.execute(tx);
  const invited = Number(numAffectedRows ?? 0n);
  const signed = signRecord(seed, {
    settledAt: settlement.settled_at.toISOString(),
    ...{ rules, registrations, invited, digests },
  });
  await sql`
    update settlement set decided_at = ledger_now(), registrations = ${registrations}, invited = ${invited},
      rules_version = ${settlementRules}, record = ${signed.record}, signature = ${signed.signature}
    where round_id = ${roundId}
  `.execute(tx);
  const { rows: sizes } = await sql<{ bytes: number }>`
    select pg_total_relation_size('pg_temp.settlement_candidate') + pg_total_relation_size('pg_temp.settlement_chosen') as bytes,
      -- Else what was written to temporary files is counted a second later.
      pg_stat_force_next_flush()
  `.execute(tx);
  return { invited, used: { ...bounds, candidateTableMb: megabytes(sizes[0]?.bytes ?? 0) } };
}

async function tempFileBytes(db: LedgerReader): Promise<number> {
  const { rows } = await sql<{ temp_bytes: number }>`
    select temp_bytes from pg_stat_database where datname = current_database()
  `.execute(db);
  return rows[0]?.temp_bytes ?? 0;
}

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
/** Seconds since a `Date.now()`, to a tenth. */
export const secondsSince = (from: number): number => Math.round((Date.now() - from) / 100) / 10;
