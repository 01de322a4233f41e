/** `npm run card -- insert NAME | remove | pull-mid-read | hang | stop`: a virtual NHI card in a virtual reader. */
import { runCardCommand } from './card/command';
import { failWith } from './runtime/failure';

runCardCommand(process.argv.slice(2), process.env).then((report) => {
  process.stdout.write(`${report}\n`);
}, failWith);
