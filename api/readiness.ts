/** What the service needs before it can serve, each with its state in a few words. */
import { sql } from 'kysely';

import type { Ledger } from '../ledger/database';
import { migrationNames } from '../ledger/migrate';
import { errorFacts } from './logging';

/** The engine as a watch last saw it; `unknown` where nobody watches. */
export type EngineState = 'connected' | 'away' | 'unknown';

export interface Component {
  readonly name: 'database' | 'migrations' | 'rounds' | 'temporal';
  readonly ready: boolean;
  readonly required: boolean;
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly components: Component[];
}

/** Asks the database; never rejects. Without the engine people are served: it catches up. */
export async function readReadiness(ledger: Ledger, engine: EngineState): Promise<Readiness> {
  const components = [
    await tried('database', async () => {
      await sql`select 1`.execute(ledger.db);
      return [true, 'answers'];
    }),
    await tried('migrations', async () => {
      const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(ledger.db);
      const applied = new Set(rows.map(({ name }) => name));
      const missing = migrationNames.filter((name) => !applied.has(name)).length;
      return [missing === 0, missing === 0 ? 'all applied' : `${missing} to come`];
    }),
    await tried('rounds', async () => {
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from round`.execute(ledger.db);
      const n = rows[0]?.n ?? 0;
      return [n > 0, n > 0 ? `${n} loaded` : 'none loaded yet'];
    }),
    { name: 'temporal', ready: engine === 'connected', required: false, detail: engine } as const,
  ];
  return { ready: components.every(({ ready, required }) => ready || !required), components };
}

async function tried(
  name: Component['name'],
  ask: () => Promise<readonly [ready: boolean, detail: string]>,
): Promise<Component> {
  try {
    const [ready, detail] = await ask();
    return { name, ready, required: true, detail };
  } catch (error) {
    const { code, type } = errorFacts(error);
    return { name, ready: false, required: true, detail: `no answer (${code ?? type})` };
  }
}
