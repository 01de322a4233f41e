/** Bundles the workflows once, so that a worker starts without webpack; run by the bootstrap and the image build. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { projectRoot } from '../../config/project-root';
import { failWith } from './failure';

async function bundle(): Promise<void> {
  const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(projectRoot, 'dist/workflows/index.js'),
    logger: quiet,
  });
  await writeFile(path.join(projectRoot, 'dist/workflow-bundle.js'), code);
}

bundle().catch(failWith);
