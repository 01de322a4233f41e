/**
 * A small process that owns the servers and workers of one start and outlives whoever asked for them:
 * when its parent is gone, even by `kill -9`, it stops them in reverse order, removes what was throw-away
 * and ends. Plain JavaScript without packages, so it runs from sources and from the compiled tree alike.
 *
 * Messages from the parent: `{id, do: 'spawn', key, spec}`, `{id, do: 'signal', key, signal}`,
 * `{id, do: 'stop', key}`, `{id, do: 'removeAtEnd', folder}`, `{id, do: 'close'}`.
 * Answers: `{id, pid}`, `{id}` or `{id, error}`; and `{exit: key, code, signal}` when a program ended.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';

/** Programs that run, by key, in the order of their start. */
const programs = new Map();
const throwAwayFolders = [];
let closing;

const actions = {
  spawn: ({ key, spec }) => start(key, spec),
  signal: async ({ key, signal }) => void programs.get(key)?.child.kill(signal),
  stop: ({ key }) => stop(key),
  removeAtEnd: async ({ folder }) => void throwAwayFolders.push(folder),
  close: () => closeAll(),
};

process.on('message', (message) => {
  actions[message.do](message).then(
    (result) => tell({ id: message.id, ...result }),
    (error) => tell({ id: message.id, error: error.message, code: error.code }),
  );
});
process.on('disconnect', () => void closeAll().then(() => process.exit(0)));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);

function tell(message) {
  if (process.connected) process.send(message, () => undefined);
}

async function start(key, spec) {
  if (closing) throw new Error('The keeper is closing.');
  const log = spec.logFile ? openSync(spec.logFile, 'a', 0o600) : 'ignore';
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      ...(spec.account ? { uid: spec.account.uid, gid: spec.account.gid } : {}),
      stdio: ['ignore', log, log, ...(spec.ipc ? ['ipc'] : [])],
      detached: true,
    });
    const gone = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.on('error', () => undefined);
    programs.set(key, { child, gone, stopSignal: spec.stopSignal, graceMs: spec.graceMs });
    void gone.then((end) => {
      programs.delete(key);
      tell({ exit: key, ...end });
    });
    return { pid: child.pid };
  } finally {
    if (typeof log === 'number') closeSync(log);
  }
}

async function stop(key) {
  const program = programs.get(key);
  if (!program) return;
  // A stopped (SIGSTOP) program would never see its signal.
  program.child.kill('SIGCONT');
  program.child.kill(program.stopSignal);
  const hardStop = setTimeout(() => program.child.kill('SIGKILL'), program.graceMs);
  await program.gone;
  clearTimeout(hardStop);
}

function closeAll() {
  closing ??= (async () => {
    for (const key of [...programs.keys()].reverse()) await stop(key);
    for (const folder of throwAwayFolders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  })();
  return closing;
}
