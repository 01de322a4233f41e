/** `npm run operator -- enrol NAME | revoke NAME`: the keys by which staff of operations act. */
import { runOperatorCommand } from './operator/command';
import { failWith } from './runtime/failure';

runOperatorCommand(process.argv.slice(2), process.env).then((report) => {
  process.stdout.write(`${report}\n`);
}, failWith);
