/** `npm run check`: what reviewers look at first, in one command; each check is a tool with its own configuration. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../config/project-root';

/** One tool and what it stands for. */
interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const checks: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.check.json'] },
  { name: 'types of rules and workflows', command: ['tsc', '-p', 'tsconfig.deterministic.json'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--quiet'] },
  { name: 'formatting', command: ['prettier', '--check', '--log-level=warn', '.'] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
  { name: 'import boundaries', command: ['jest', 'test/architecture', '--silent'] },
];

/** Tools that use all cores by themselves run one after another. */
async function main(): Promise<void> {
  const failures: string[] = [];
  for (const check of checks) {
    const from = Date.now();
    const { code, output } = await run(check.command);
    const seconds = ((Date.now() - from) / 1_000).toFixed(1);
    process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)\n`);
    if (code !== 0) failures.push(`--- ${check.name}\n${output.trimEnd()}`);
  }
  if (failures.length === 0) return;
  process.stdout.write(`\n${failures.join('\n\n')}\n`);
  process.exitCode = 1;
}

function run([tool, ...args]: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(path.join(projectRoot, 'node_modules/.bin', tool ?? ''), args, {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
