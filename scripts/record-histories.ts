/** Records the histories of `workflows/<journey>/histories/` anew, from real runs on the parts that the tests use. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

import { projectRoot } from '../config/project-root';

const jest = createRequire(`${projectRoot}/package.json`).resolve('jest/bin/jest');
const child = spawn(process.execPath, [jest, 'workflows/histories'], {
  cwd: projectRoot,
  env: { ...process.env, YIYUE_RECORD_HISTORIES: '1' },
  stdio: 'inherit',
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
