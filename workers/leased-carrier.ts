/**
 * Tells the engine of what stands in the ledger under a lease, many at a time. It may be killed at any moment: what was
 * not marked is told again when its lease ends, and twice does no harm.
 */
import { clockOffsetMs } from '../ledger/clock';
import type { Ledger, LedgerReader } from '../ledger/database';
import type { WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { inLanes, repeat } from './repeating';

export interface LeasedCarrierOptions<Untold> {
  readonly ledger: Ledger;
  readonly log: WorkerLog;
  /** Between two looks when there is nothing to tell. */
  readonly idleMs?: number;
  /** Before each look, for what has to be done from time to time. */
  readonly beforeLook?: () => Promise<void>;
  /** Takes what the engine was not told yet, for as long as the lease. */
  claim(
    db: LedgerReader,
    bounds: { readonly limit: number; readonly leaseMs: number },
  ): Promise<readonly Untold[]>;
  /** Tells the engine, with the offset of the ledger's clock. */
  tell(untold: Untold, offsetMs: number): Promise<void>;
  markTold(db: LedgerReader, told: readonly Untold[]): Promise<void>;
}

const leaseMs = 15_000;
const batch = 64;
const atOnce = 8;
const idleByDefaultMs = 500;

/** Starts the carrier; it goes on through outages of Temporal and of the ledger until it is stopped. */
export function startLeasedCarrier<Untold>(options: LeasedCarrierOptions<Untold>): Running {
  const { ledger, log, idleMs = idleByDefaultMs } = options;
  const temporalOutage = new Outage('Temporal', log);
  const ledgerOutage = new Outage('the ledger', log);

  async function turn(): Promise<number> {
    await options.beforeLook?.();
    const claimed = await options.claim(ledger.db, { limit: batch, leaseMs });
    ledgerOutage.over();
    if (claimed.length === 0) return idleMs;
    const offsetMs = await clockOffsetMs(ledger.db);
    const told: Untold[] = [];
    let waitMs = 0;
    await inLanes(claimed, atOnce, async (untold) => {
      try {
        await options.tell(untold, offsetMs);
        told.push(untold);
        temporalOutage.over();
        return true;
      } catch (error) {
        waitMs = temporalOutage.failed(error);
        return false;
      }
    });
    await options.markTold(ledger.db, told);
    return waitMs;
  }

  return repeat(turn, (error) => ledgerOutage.failed(error));
}
