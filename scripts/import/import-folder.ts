/** Loads the files of a health authority: all of them in one transaction, or nothing and the list of what is wrong. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import type { ImportReport } from './counts';
import { loadPeople, loadSessions, loadSites, loadSupply } from './line-load';
import { sessionFile, siteFile, supplyFile, type LineContext } from './line-files';
import { personFile } from './person-file';
import { ImportRefused, ProblemList } from './problem';
import { checkReferences } from './reference-checks';
import { readRoundFile, roundFileName, type RoundFile } from './round-file';
import { checkRoundChanges, loadRound, stageRound } from './round-load';
import { stageFile } from './staging';

/** How far an import is: bytes of all files, and what is being done. */
export interface ImportProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doing: string;
}

const lineFiles = [siteFile, sessionFile, supplyFile, personFile] as const;

/** Imports wait for each other: two at once would each find the other's lines missing. Any number will do. */
const importLock = 20_210_713;

/**
 * Reads `round.json`, `sites.csv`, `sessions.csv`, `supply.csv` and `people.csv` in `folder` and loads them.
 * The same files again change nothing; changed lines change what was loaded, as long as that takes nothing
 * from anybody. Throws `ImportRefused` with everything that is wrong; nothing is loaded then.
 */
export async function importFolder(
  databaseUrl: string,
  folder: string,
  onProgress: (progress: ImportProgress) => void = () => undefined,
): Promise<ImportReport> {
  const problems = new ProblemList();
  const totalBytes = await sizeOf(folder, problems);
  refuseIfWrong(problems);
  const client = new Client({ connectionString: databaseUrl, application_name: 'import' });
  // A connection that breaks fails the statement that runs; without a listener it would end the process as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [importLock]);
    const round = await stage(client, folder, problems, totalBytes, onProgress);
    onProgress({ doneBytes: totalBytes, totalBytes, doing: 'checking' });
    if (round) await checkRoundChanges(client, round, problems);
    await checkReferences(client, round?.roundId, problems);
    refuseIfWrong(problems);
    if (!round) throw new Error('a round without problems was expected');
    onProgress({ doneBytes: totalBytes, totalBytes, doing: 'loading' });
    const report = await load(client, round.roundId);
    await client.query('commit');
    return report;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.end();
  }
}

async function sizeOf(folder: string, problems: ProblemList): Promise<number> {
  let total = 0;
  for (const file of [roundFileName, ...lineFiles.map((lineFile) => lineFile.file)]) {
    const found = await stat(path.join(folder, file)).catch(() => undefined);
    if (found?.isFile()) total += found.size;
    else problems.add({ file, line: null, column: '', reason: 'this file is missing' });
  }
  return total;
}

async function stage(
  client: Client,
  folder: string,
  problems: ProblemList,
  totalBytes: number,
  onProgress: (progress: ImportProgress) => void,
): Promise<RoundFile | undefined> {
  const round = await readRoundFile(folder, problems);
  await stageRound(client, round);
  const context: LineContext = { round, today: await todayOf(client) };
  let doneBytes = (await stat(path.join(folder, roundFileName))).size;
  for (const file of lineFiles) {
    await stageFile(client, folder, file, context, problems, (count) => {
      doneBytes += count;
      onProgress({ doneBytes, totalBytes, doing: file.file });
    });
  }
  return round;
}

async function todayOf(client: Client): Promise<string> {
  const found = await client.query<{ today: string }>('select ledger_today()::text as today');
  return found.rows[0]?.today ?? '';
}

async function load(client: Client, roundId: string): Promise<ImportReport> {
  const report = {
    roundId,
    round: await loadRound(client, roundId),
    sites: await loadSites(client, roundId),
    sessions: await loadSessions(client, roundId),
    supply: await loadSupply(client, roundId),
    people: await loadPeople(client),
  };
  const ofRound = [report.round, report.sessions, report.supply];
  if (ofRound.some(({ added, changed }) => added + changed > 0)) {
    // Last of all, for whoever looks for what changed lately: loading millions of people takes its time.
    await client.query('update round set changed_at = ledger_now() where round_id = $1', [roundId]);
  }
  return report;
}

function refuseIfWrong(problems: ProblemList): void {
  if (problems.count > 0) throw new ImportRefused(problems.list(), problems.count);
}
