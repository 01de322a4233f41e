/** How much the engine has settled: counted by what its database holds, not by what was acknowledged. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';

const lookEveryMs = 100;

/** Distinct runs under ids that begin so, whose first task completed them. */
export async function countCompleted(engine: Client, prefix: string): Promise<number> {
  const { rows } = await engine.query<{ settled: number }>(
    `select count(*)::integer as settled from current_executions where state = 3 and workflow_id like $1`,
    [`${prefix}%`],
  );
  return rows[0]?.settled ?? 0;
}

/** Distinct open runs whose first task set a timer. */
export async function countTimers(engine: Client): Promise<number> {
  const { rows } = await engine.query<{ settled: number }>(
    'select count(distinct run_id)::integer as settled from timer_info_maps',
  );
  return rows[0]?.settled ?? 0;
}

/** What the engine keeps on disk, its visibility and indexes included, in bytes. */
export async function bytesKept(engine: Client): Promise<number> {
  const { rows } = await engine.query<{ bytes: string }>(
    `select sum(pg_database_size(datname)) as bytes from pg_database where datname like 'temporal%'`,
  );
  return Number(rows[0]?.bytes ?? 0);
}

/** Waits until `count` has grown by `growth` since `before`; answers the milliseconds since `from`. */
export async function untilGrown(
  count: () => Promise<number>,
  before: number,
  growth: number,
  { from, withinMs }: { readonly from: number; readonly withinMs: number },
): Promise<number> {
  for (;;) {
    const settled = (await count()) - before;
    const took = performance.now() - from;
    if (settled >= growth) return took;
    if (took > withinMs)
      throw new Error(
        `after ${String(Math.round(took / 1000))} s only ${String(settled)} of ${String(growth)} were settled`,
      );
    await pause(lookEveryMs);
  }
}
