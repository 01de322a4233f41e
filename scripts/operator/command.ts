/** The command that enrols and revokes operators: a key is shown once and kept only as a hash. */
import path from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import type { LedgerDb } from '../../ledger/database';
import { enrolOperator, revokeOperator } from '../../ledger/operator';
import { recordOperatorAct } from '../../ledger/operator-audit';
import type { DB } from '../../ledger/rows';
import { PlainFailure } from '../runtime/failure';
import { withTargetDatabase } from '../runtime/target-database';

const usage =
  'npm run operator -- enrol NAME, or npm run operator -- revoke NAME; NAME is that of one person, in letters, digits and hyphens.';

/** Letters, digits and hyphens: operators' names stand in the audit. */
const operatorName = /^[A-Za-z0-9-]{1,40}$/;

/**
 * Runs the command on `DATABASE_URL`, or on the instance of `YIYUE_HOME`. Resolves to what is to be printed.
 * Throws `PlainFailure` for a wrong call and for an operator who has no key to end.
 */
export async function runOperatorCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const [act, operator = ''] = args;
  const fits = (act === 'enrol' || act === 'revoke') && args.length === 2;
  if (!fits || !operatorName.test(operator)) throw new PlainFailure(`Call it so: ${usage}`);
  const home = path.resolve(environment['YIYUE_HOME'] ?? '.yiyue');
  return withTargetDatabase(home, environment['DATABASE_URL'], async (databaseUrl) => {
    const dialect = new PostgresDialect({ pool: new Pool({ connectionString: databaseUrl, max: 1 }) });
    const db = new Kysely<DB>({ dialect });
    try {
      return await (act === 'enrol' ? enrol(db, operator) : revoke(db, operator));
    } finally {
      await db.destroy();
    }
  });
}

async function enrol(db: LedgerDb, operatorId: string): Promise<string> {
  const { key } = await db.transaction().execute(async (tx) => {
    const enrolled = await enrolOperator(tx, operatorId);
    await recordOperatorAct(tx, operatorId, 'enrolOperator', {});
    return enrolled;
  });
  return [
    `Operator ${operatorId} is enrolled; an earlier key of that name has ended.`,
    `The key is shown this once: ${key}`,
  ].join('\n');
}

async function revoke(db: LedgerDb, operatorId: string): Promise<string> {
  const ended = await db.transaction().execute(async (tx) => {
    const revoked = await revokeOperator(tx, operatorId);
    if (revoked) await recordOperatorAct(tx, operatorId, 'revokeOperator', {});
    return revoked;
  });
  if (!ended) throw new PlainFailure(`Operator ${operatorId} has no key to end.`);
  return `The key of operator ${operatorId} has ended.`;
}
