/**
 * The background process of `npm run card`: a card stays in its reader as long as somebody holds it. Takes commands
 * over a socket in the data folder, which only its owner may open, and ends with `stop`.
 */
import { mkdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CardHolder } from './card-holder';
import type { CardAct } from './card-messages';

const [socket = ''] = process.argv.slice(2);
const holder = new CardHolder();

async function end(): Promise<void> {
  await holder.stop();
  rmSync(socket, { force: true });
  process.exit(0);
}

const server = net.createServer((connection) => {
  connection.on('error', () => undefined);
  createInterface({ input: connection }).once('line', (line) => {
    // Only our own command has this socket, and writes nothing else to it.
    const act = JSON.parse(line) as CardAct;
    void holder.carryOut(act).then((answer) => {
      connection.end(`${JSON.stringify(answer)}\n`, () => {
        if (act.act === 'stop') void end();
      });
    });
  });
});

mkdirSync(path.dirname(socket), { recursive: true, mode: 0o700 });
process.umask(0o077);
server.listen(socket);
// Another one was faster: that one serves.
server.once('error', () => process.exit(1));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
