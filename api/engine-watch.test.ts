/** The pages say that the engine is away, and cease to say it once it has come. */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { createTestTemporal } from '../test/support/temporal';
import { watchEngine, type EngineWatch } from './engine-watch';

async function untilState(watch: EngineWatch, state: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (watch.state() !== state && Date.now() < deadline) await pause(100);
  expect(watch.state()).toBe(state);
}

test('an engine that comes up after the pages is seen, and so is its going', async () => {
  const { address } = await createTestTemporal();
  const [host = '', port = ''] = address.split(':');
  const open = new Set<net.Socket>();
  const door = net.createServer((socket) => {
    const engine = net.connect(Number(port), host);
    for (const end of [socket, engine]) {
      open.add(end);
      end.on('error', () => end.destroy());
    }
    socket.pipe(engine).pipe(socket);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const at = (door.address() as net.AddressInfo).port;
  await new Promise((resolve) => door.close(resolve));

  const watch = watchEngine(`127.0.0.1:${String(at)}`);
  try {
    await untilState(watch, 'away');
    await new Promise<void>((resolve) => door.listen(at, '127.0.0.1', resolve));
    await untilState(watch, 'connected');
    const closed = new Promise((resolve) => door.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
    await untilState(watch, 'away');
  } finally {
    await watch.close();
  }
}, 90_000);

test('without an address nothing is watched', () => {
  expect(watchEngine('').state()).toBe('unknown');
});
