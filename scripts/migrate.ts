/** `migrate`: brings the database of `DATABASE_URL` up to the newest schema before a deployment; `--demonstration` adds its data. */
import { parseArgs } from 'node:util';
import { readSettings } from '../config/settings';
import { migrateToLatest } from '../ledger/migrate';
import { loadDemonstrationRound } from './demo-data/load';
import { PlainFailure, failWith } from './runtime/failure';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { demonstration: { type: 'boolean', default: false } } });
  const settings = readSettings(['DATABASE_URL']);
  const applied = await migrateToLatest(settings.DATABASE_URL);
  process.stdout.write(
    applied.length === 0 ? 'The schema is the newest.\n' : `Applied ${applied.join(', ')}.\n`,
  );
  if (!values.demonstration) return;
  if (settings.YIYUE_MODE === 'production')
    throw new PlainFailure('A production database takes no demonstration data.');
  await loadDemonstrationRound(settings.DATABASE_URL);
  process.stdout.write('The demonstration data are there.\n');
}

main().catch(failWith);
