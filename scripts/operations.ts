/** `npm run operations -- CAPABILITY VERB …`: what operators do, through the API and under their own key. */
import { runOperationsCommand } from './operations/command';
import { failWith } from './runtime/failure';

runOperationsCommand(process.argv.slice(2), process.env).then((report) => {
  process.stdout.write(`${report}\n`);
}, failWith);
