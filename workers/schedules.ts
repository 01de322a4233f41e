/** Run once at a start and after an import: the reconciler's schedule and every open round's workflow are there, and newly read. */
import { readSettings } from '../config/settings';
import { readRounds } from '../ledger/round';
import { errorFields, openLog } from './log';
import { openProcessLedger } from './process';
import { ensureReconciliationSchedule } from './reconciliation-schedule';
import { openTemporalClient, untilTemporalAnswers } from './temporal-client';
import { tellRoundChanged } from './workflow-starts';

async function run(): Promise<void> {
  const log = openLog('schedules');
  const settings = readSettings(['DATABASE_URL', 'TEMPORAL_ADDRESS', 'YIYUE_DATA_KEYS', 'YIYUE_INDEX_KEY']);
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const temporal = openTemporalClient({
    address: settings.TEMPORAL_ADDRESS,
    namespace: settings.TEMPORAL_NAMESPACE,
  });
  const ledger = openProcessLedger(settings, 'schedules');
  try {
    await untilTemporalAnswers(log, () =>
      temporal.call((client) => ensureReconciliationSchedule(client, taskQueue)),
    );
    const rounds = await readRounds(ledger.db);
    for (const { roundId } of rounds) {
      await untilTemporalAnswers(log, () =>
        temporal.call((client) => tellRoundChanged(client, taskQueue, roundId)),
      );
    }
    log.info('the schedule and the rounds are there', { count: rounds.length });
  } catch (error) {
    log.error('the schedules could not be ensured', errorFields(error));
    process.exitCode = 1;
  } finally {
    await ledger.close();
    await temporal.close();
  }
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
