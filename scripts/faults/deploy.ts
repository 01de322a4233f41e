/** A deployment in the middle of a round: a new build's worker takes over from the old one while clients act. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { History } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';

import { projectRoot } from '../../config/project-root';
import { persistently } from '../demo/instance';
import { logFile } from '../runtime/home';
import type { Breach, Control, Fault, Strike } from './fault';
import type { FaultWorld } from './world';

const bothMs = 1_500;
const newAloneMs = 2_500;
/** Of people and rounds, the newest ones. */
const replayed = 24;

/** A build that calls an activity by another name could not go on with the runs that are open. */
const otherName: Control = {
  expects: 'own',
  spoilt: 'a build that calls an activity by another name',
  look: async (world) => {
    const code = readFileSync(path.join(projectRoot, 'dist/workflow-bundle.js'), 'utf8');
    return notReplayed(world, code.replaceAll('meetObligation', 'meetObligations'));
  },
};

export const deployFaults: readonly Fault[] = [
  { name: 'deploy-in-mid-round', whileRemindersFallDue: true, strike: deploy, control: otherName },
];

async function deploy(world: FaultWorld): Promise<Strike> {
  const build = newBuild(world);
  const log = openSync(logFile(world.home, 'citizen-new-build'), 'a');
  const worker = spawn(process.execPath, [path.join(build, 'dist/workers/citizen.js')], {
    cwd: build,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...world.stack.settings, METRICS_PORT: '0' },
    stdio: ['ignore', log, log],
  });
  const ended = once(worker, 'exit');
  const endWithUs = (): void => void worker.kill('SIGKILL');
  process.once('exit', endWithUs);
  try {
    const old = world.stack.process('citizen').pid;
    await persistently(async () => {
      const pollers = await pollersOf(world);
      if (!pollers.some((identity) => identity.startsWith(`${String(worker.pid)}@`))) {
        throw new Error('the new build does not poll');
      }
    });
    await pause(bothMs);
    await world.stack.process('citizen').stop();
    await pause(newAloneMs);
    await world.start('citizen');
    await pause(bothMs);
    const struck = old !== undefined && worker.exitCode === null ? 2 : 0;
    const code = readFileSync(path.join(projectRoot, 'dist/workflow-bundle.js'), 'utf8');
    return { struck, what: 'deployments', breaches: await notReplayed(world, code) };
  } finally {
    worker.kill('SIGTERM');
    await ended;
    process.off('exit', endWithUs);
    rmSync(build, { recursive: true, force: true });
  }
}

/** A copy of the compiled tree whose workflows are another build of the same source. */
function newBuild(world: FaultWorld): string {
  const folder = path.join(world.home, 'new-build');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(projectRoot, 'dist'), path.join(folder, 'dist'), { recursive: true });
  cpSync(path.join(projectRoot, 'package.json'), path.join(folder, 'package.json'));
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
  const bundle = path.join(folder, 'dist/workflow-bundle.js');
  writeFileSync(bundle, `// The next build.\n${readFileSync(bundle, 'utf8')}`);
  return folder;
}

let quiet = false;

/** Replaying tells of every worker that it makes; once a process it can be asked not to. */
function quietRuntime(): void {
  if (!quiet) {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
    });
  }
  quiet = true;
}

async function pollersOf(world: FaultWorld): Promise<readonly string[]> {
  const { namespace } = world.stack.temporal;
  const { pollers } = await world.temporal.call((client) =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: 'citizen' },
      taskQueueType: 1,
    }),
  );
  return pollers.map(({ identity }) => identity ?? '');
}

/** The newest runs of people and rounds, replayed by this code: each has to come to the same end. */
async function notReplayed(world: FaultWorld, code: string): Promise<readonly Breach[]> {
  quietRuntime();
  const histories: { workflowId: string; history: History }[] = [];
  const runs = world.temporal.client.workflow.list({ query: "TaskQueue = 'citizen'" });
  for await (const { workflowId, runId } of runs) {
    const handle = world.temporal.client.workflow.getHandle(workflowId, runId);
    histories.push({ workflowId, history: await handle.fetchHistory() });
    if (histories.length === replayed) break;
  }
  const breaches: Breach[] = [];
  const replay = Worker.runReplayHistories({ workflowBundle: { code } }, histories);
  for await (const { workflowId, error } of replay) {
    if (!error) continue;
    const [kind = ''] = workflowId.split('/');
    breaches.push({ invariant: 'own', sentence: `a run of ${kind} is not replayed: ${error.name}` });
  }
  return breaches;
}
