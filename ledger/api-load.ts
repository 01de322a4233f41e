/** How the API's processes are doing: each reports while people act, and what runs behind them gives way. */
import { sql } from 'kysely';

import type { LedgerReader } from './database';

/** How far back an act counts. */
export const apiLoadWindowMs = 4_000;

/** What a process answered within the window. */
export interface ApiLoad {
  readonly acts: number;
  /** Nine of ten acts were answered within so many milliseconds. */
  readonly slowMs: number;
}

/** Replaces what this process said before. */
export async function reportApiLoad(db: LedgerReader, processId: string, load: ApiLoad): Promise<void> {
  await sql`
    insert into api_load (process_id, acts, slow_ms) values (${processId}::uuid, ${load.acts}, ${load.slowMs})
    on conflict (process_id) do update
      set acts = excluded.acts, slow_ms = excluded.slow_ms, reported_at = clock_timestamp()
  `.execute(db);
}

/** All processes together, the slowest one counting; null when nobody acted within `withinMs`. */
export async function readApiLoad(db: LedgerReader, withinMs: number): Promise<ApiLoad | null> {
  const { rows } = await sql<{ acts: number | null; slow_ms: number | null }>`
    select sum(acts)::integer as acts, max(slow_ms) as slow_ms from api_load
    where reported_at > clock_timestamp() - ${withinMs} * interval '1 millisecond' and acts > 0
  `.execute(db);
  const [row] = rows;
  return row?.acts && row.slow_ms !== null ? { acts: row.acts, slowMs: row.slow_ms } : null;
}

/** Removes what processes left that ended long ago; answers how many. */
export async function sweepApiLoad(db: LedgerReader): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from api_load where reported_at < clock_timestamp() - interval '1 hour'
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}
