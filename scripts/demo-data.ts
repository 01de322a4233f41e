/** `npm run demo-data -- DIR`: writes the demonstration set as the files of an import, to look at and to start from. */
import path from 'node:path';
import { generateDemonstrationSet } from './demo-data/generate';
import { failWith, PlainFailure } from './runtime/failure';

async function main(): Promise<void> {
  const [named, ...others] = process.argv.slice(2);
  if (named === undefined || others.length > 0) {
    throw new PlainFailure('Name one folder to write to: npm run demo-data -- DIR');
  }
  const folder = path.resolve(process.env['INIT_CWD'] ?? process.cwd(), named);
  const written = await generateDemonstrationSet(folder, { now: new Date().toISOString() });
  process.stdout.write(`Written, each to be loaded by npm run import -- DIR:\n  ${written.join('\n  ')}\n`);
}

main().catch(failWith);
