/**
 * The door of every npm script: `node scripts/bootstrap.mjs COMMAND [arguments]` makes a fresh clone ready
 * (packages, compiled code, workflow bundle) and then runs `dist/scripts/COMMAND.js` with these arguments.
 *
 * It has no dependencies, since it runs before any are installed, and says in one sentence what is missing.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');
/** Digest of the lock file that the packages were installed from. */
const installedStamp = path.join(root, 'node_modules/.yiyue-installed');
const oldestNode = [20, 19];
/** What the compiler reads; the same list as `include` in tsconfig.build.json. */
const sourceFolders = [
  ...['domain', 'ledger', 'gateways', 'workflows', 'activities'],
  ...['workers', 'api', 'web', 'card-bridge', 'config', 'scripts'],
];

/** Ends with this sentence and no stack trace. */
class Obstacle extends Error {}

try {
  const [command, ...args] = process.argv.slice(2);
  checkNode();
  if (!packagesAreInstalled()) await installPackages();
  await onlyOneBuild(async () => {
    await compile(command === 'build' || command === 'check');
    await bundleWorkflows();
  });
  if (command !== 'build') await run(command, args);
} catch (error) {
  process.stderr.write(`${sentenceFor(error)}\n`);
  process.exitCode = 1;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new Obstacle(
    `Yiyue needs Node.js ${oldestNode.join('.')} or newer; this is ${process.versions.node}.`,
  );
}

/**
 * Whether the packages are those of the lock file. Our own installation leaves the lock file's digest; after one
 * by hand, which may arrange the tree in another way, the versions of what we ask for decide.
 */
function packagesAreInstalled() {
  const noted = statSync(path.join(root, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  if (!noted) return false;
  const own = statSync(installedStamp, { throwIfNoEntry: false });
  if (own && own.mtimeMs >= noted.mtimeMs) return readFileSync(installedStamp, 'utf8') === lockDigest();
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const { dependencies, devDependencies } = packages[''];
  return Object.keys({ ...dependencies, ...devDependencies }).every((name) => {
    const manifest = path.join(root, 'node_modules', name, 'package.json');
    return (
      existsSync(manifest) &&
      JSON.parse(readFileSync(manifest, 'utf8')).version === packages[`node_modules/${name}`].version
    );
  });
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
}

async function installPackages() {
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await withProgress('Installing packages, once', () => capture([...npm, ...args]));
  if (code === 0) return writeFileSync(installedStamp, lockDigest());
  if (code === 'ENOENT') throw new Obstacle('npm is missing: install it together with Node.js.');
  if (/ENOSPC|no space left/i.test(output)) throw new Obstacle(diskFull);
  if (/EACCES|EPERM|EROFS/.test(output)) throw new Obstacle(noPermission);
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|network/i.test(output)) {
    throw new Obstacle(
      `The package registry cannot be reached, so the packages were not installed.\n${lastLines(output)}`,
    );
  }
  throw new Obstacle(`The packages could not be installed (npm ci); npm said:\n${lastLines(output)}`);
}

const diskFull = 'The disk is full: Yiyue needs some 1 GB for packages and data.';
const noPermission = `This account may not write in ${root}: change its owner, or clone it as the account that runs it.`;

function sentenceFor(error) {
  if (error instanceof Obstacle) return error.message;
  if (error.code === 'ENOSPC') return diskFull;
  if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return noPermission;
  return error.stack ?? String(error);
}

/**
 * Compiles when a source changed since the last time. A type error stops `build` and `check` only: what runs was
 * compiled all the same. The compiler's settings here know less than those of the check beside the tests (no browser),
 * so that what is built is refused here or nowhere.
 */
async function compile(strict) {
  const stampFile = path.join(dist, '.compiled');
  const stamp = stampOf([...sourceFolders, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const tsc = [process.execPath, path.join(root, 'node_modules/typescript/bin/tsc')];
  const { code, output } = await withProgress('Compiling', () =>
    capture([...tsc, '-p', 'tsconfig.build.json']),
  );
  if (/ENOSPC|no space left/i.test(output)) throw new Obstacle(diskFull);
  removeOrphans(dist);
  if (code === 0) return writeFileSync(stampFile, stamp);
  rmSync(stampFile, { force: true });
  if (strict || !existsSync(path.join(dist, 'scripts')))
    throw new Obstacle(`The sources do not compile.\n${output}`);
  process.stderr.write(`The sources have type errors; npm run check lists them.\n`);
}

/** Removes compiled files whose source is gone, so that nothing runs that no longer exists. */
function removeOrphans(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) removeOrphans(file);
    const source = path.join(root, path.relative(dist, file)).replace(/\.js(\.map)?$/, '');
    if (/\.js(\.map)?$/.test(file) && folder !== dist && !existsSync(`${source}.ts`)) rmSync(file);
  }
}

/** Webpack takes seconds for the workflows, so workers load a bundle made beforehand. */
async function bundleWorkflows() {
  const entry = path.join(dist, 'workflows/index.js');
  const stampFile = path.join(dist, '.bundled');
  if (!existsSync(entry)) return;
  const stamp = stampOf(['workflows', 'domain', 'package-lock.json']);
  const made = path.join(dist, 'workflow-bundle.js');
  if (existsSync(made) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const bundler = [process.execPath, path.join(dist, 'scripts/runtime/workflow-bundle.js')];
  const { code, output } = await withProgress('Bundling the workflows', () => capture(bundler));
  if (code !== 0) throw new Obstacle(`The workflows could not be bundled.\n${lastLines(output)}`);
  writeFileSync(stampFile, stamp);
}

/** Names, sizes and times of all files under these places, as one short text. */
function stampOf(places) {
  const hash = createHash('sha256');
  const visit = (file) => {
    const facts = statSync(file, { throwIfNoEntry: false });
    if (!facts) return;
    if (facts.isDirectory()) for (const name of readdirSync(file).sort()) visit(path.join(file, name));
    else hash.update(`${file} ${facts.size} ${facts.mtimeMs}\n`);
  };
  for (const place of places) visit(path.join(root, place));
  return hash.digest('hex');
}

/** Two commands at once must not write one tree; a lock whose owner is gone is taken over. */
async function onlyOneBuild(work) {
  mkdirSync(dist, { recursive: true });
  const lock = path.join(dist, '.build-lock');
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!isAlive(Number(readFileSync(lock, { encoding: 'utf8' })))) rmSync(lock, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return pid > 0;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Tells what takes longer than a second, and for how long. */
async function withProgress(what, work) {
  const from = Date.now();
  const seconds = () => `${Math.round((Date.now() - from) / 1000)} s`;
  const live = process.stderr.isTTY;
  let said = false;
  const timer = setInterval(() => {
    process.stderr.write(live ? `\r${what} … ${seconds()} ` : said ? '' : `${what} …\n`);
    said = true;
  }, 1_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (said) process.stderr.write(live ? `\r${what}: ${seconds()}   \n` : `${what}: ${seconds()}\n`);
  }
}

/** Runs a program to its end; `code` is `ENOENT` when there is no such program. */
function capture([program, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ code: error.code, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

function lastLines(output) {
  return output.trimEnd().split('\n').slice(-15).join('\n');
}

/** Runs the command in our place: its input, output, signals and exit code are ours. */
async function run(command, args) {
  const script = path.join(dist, 'scripts', `${command}.js`);
  if (command === undefined || !existsSync(script)) {
    const known = readdirSync(path.join(dist, 'scripts')).filter((name) => name.endsWith('.js'));
    throw new Obstacle(
      `There is no command "${command ?? ''}"; known are: ${known.map((name) => name.slice(0, -3)).join(', ')}.`,
    );
  }
  const watch = path.join(dist, 'config/parent-watch.js');
  const child = spawn(process.execPath, ['--enable-source-maps', '--require', watch, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  if (signal === null) process.exitCode = code;
  else {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
}
