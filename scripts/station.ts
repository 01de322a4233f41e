/** `npm run station -- enrol STATION SITE | revoke STATION`: the keys by which desks at the sites record attendance. */
import { failWith } from './runtime/failure';
import { runStationCommand } from './station/command';

runStationCommand(process.argv.slice(2), process.env).then((report) => {
  process.stdout.write(`${report}\n`);
}, failWith);
