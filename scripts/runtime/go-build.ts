/** Runs Go's own build with one line of progress; what it leaves out of the environment, GOFLAGS and proxy, is the machine's. */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { PlainFailure } from './failure';

const run = promisify(execFile);

/** What to build, and what to tell of it. */
export interface GoBuild {
  /** Of the `go` command; `-v` among them, since the packages that it names are the progress. */
  readonly args: readonly string[];
  readonly folder?: string;
  /** Beside our own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Packages that `-v` names on the way, about. */
  readonly packages: number;
  /** The line that the percentage is added to. */
  readonly progress: string;
  /** What to say when there is no Go, and when it fails: a sentence with the way on. */
  readonly noGo: string;
  readonly failed: string;
  readonly say: (progress: string) => void;
}

/** Builds. Throws a PlainFailure when Go is missing, the disk is full or the build fails. */
export async function buildWithGo(build: GoBuild): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: '0', ...build.environment };
  await run('go', ['version'], { env }).catch(() => {
    throw new PlainFailure(build.noGo);
  });
  const go = spawn('go', build.args, { cwd: build.folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) =>
    go.once('close', resolve).once('error', reject),
  );
  const endWithUs = () => go.kill();
  process.once('exit', endWithUs);
  const lastOutput: string[] = [];
  let packages = 0;
  for await (const line of createInterface({ input: go.stderr })) {
    lastOutput.push(line);
    if (lastOutput.length > 8) lastOutput.shift();
    packages += 1;
    const percent = Math.min(99, Math.floor((100 * packages) / build.packages));
    build.say(`${build.progress}: ${String(percent)} %`);
  }
  const code = await ended;
  process.off('exit', endWithUs);
  if (code === 0) return;
  const output = lastOutput.join('\n');
  if (output.includes('no space left on device')) {
    throw new PlainFailure('The disk is full: building Temporal needs some 3 GB.');
  }
  throw new PlainFailure(`${build.failed} Go said:\n${output}`);
}
