import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

import { Wire } from './wire';

let server: Server;
let wire: Wire;
/** What the server received. */
let received: string;

beforeEach(async () => {
  received = '';
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      received += data.toString();
      socket.write(`done ${data.toString()}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  wire = await Wire.to(`127.0.0.1:${String((server.address() as AddressInfo).port)}`);
});
afterEach(async () => {
  await wire.close();
  server.close();
});

async function open(): Promise<Socket> {
  const [host, port] = wire.address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return Promise.race([
    once(socket, 'data').then(([data]) => String(data)),
    once(socket, 'close').then(() => 'closed'),
  ]);
}

test('whole, it carries both ways', async () => {
  expect(await ask(await open(), 'one')).toBe('done one');
  expect(wire.disturbed).toBe(0);
});

test('a reply that is lost was still worked for, and the next one comes', async () => {
  wire.loseReplies(Buffer.from('done'), 1);
  expect(await ask(await open(), 'one')).toBe('closed');
  expect(received).toBe('one');
  expect(await ask(await open(), 'two')).toBe('done two');
  expect(wire.disturbed).toBe(1);
});

test('late and in crumbs, everything comes in its order', async () => {
  const socket = await open();
  wire.behave({ kind: 'late', ms: 30 });
  socket.write('A');
  wire.behave({ kind: 'drip', bytes: 1, everyMs: 1 });
  socket.write('BCD');
  let heard = '';
  socket.on('data', (data) => (heard += data.toString()));
  const letters = () => heard.replaceAll(/[^A-Z]/g, '');
  while (letters().length < 4) await once(socket, 'data');
  expect(received).toBe('ABCD');
  expect(letters()).toBe('ABCD');
});

test('a connection that was silenced stays silent; a new one after mending does not', async () => {
  const socket = await open();
  wire.behave({ kind: 'silent' });
  wire.mend();
  socket.write('lost');
  expect(await ask(await open(), 'heard')).toBe('done heard');
  expect(received).toBe('heard');
  // Closing the wire ends what one side has given up and the other side never heard of.
  socket.destroy();
});

test('cut, it ends what is open and refuses more until it is mended', async () => {
  const socket = await open();
  const closed = once(socket, 'close');
  wire.cut();
  await closed;
  expect(await ask(await open(), 'x')).toBe('closed');
  wire.mend();
  expect(await ask(await open(), 'y')).toBe('done y');
});
