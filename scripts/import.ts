/** `npm run import -- DIR`: loads the files of a health authority into the ledger. */
import { runImportCommand } from './import/command';
import { failWith } from './runtime/failure';

// Reports go to standard output, so that a list of problems can be kept in a file and sent back.
const output = {
  report: (text: string) => void process.stdout.write(`${text}\n`),
  tell: (text: string) => void process.stderr.write(`${text}\n`),
};

runImportCommand(process.argv.slice(2), process.env, output).then((code) => {
  process.exitCode = code;
}, failWith);
