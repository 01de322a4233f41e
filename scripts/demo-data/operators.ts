/** Two operators of the demonstration, since some acts take two people; their keys are kept in the data folder. */
import path from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { enrolOperator, findOperator } from '../../ledger/operator';
import type { DB } from '../../ledger/rows';
import { readJson, stringEntries, writeJson } from '../runtime/home';

export interface DemonstrationOperator {
  readonly name: string;
  readonly key: string;
}

const names = ['first-operator', 'second-operator'] as const;

/** The demonstration's operators of this data folder; those whose key is not known there are enrolled anew. */
export async function demonstrationOperators(
  home: string,
  databaseUrl: string,
): Promise<readonly DemonstrationOperator[]> {
  const file = path.join(home, 'run', 'operators.json');
  const kept = stringEntries(readJson(file));
  const dialect = new PostgresDialect({ pool: new Pool({ connectionString: databaseUrl, max: 1 }) });
  const db = new Kysely<DB>({ dialect });
  try {
    const operators: DemonstrationOperator[] = [];
    for (const name of names) {
      const key = kept[name];
      const known = key === undefined ? undefined : await findOperator(db, key);
      operators.push({ name, key: known && key !== undefined ? key : (await enrolOperator(db, name)).key });
    }
    writeJson(file, Object.fromEntries(operators.map(({ name, key }) => [name, key])));
    return operators;
  } finally {
    await db.destroy();
  }
}
