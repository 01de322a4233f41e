/** Finds ports on the loopback address for the servers that we start. */
import net from 'node:net';

/**
 * The wanted port when it is free, else any free one; without a wish any free one. `reserved` is a port that
 * another part of the same start will take.
 */
export async function freePort(wanted?: number, reserved?: number): Promise<number> {
  if (wanted !== undefined && wanted !== reserved && (await portIsFree(wanted))) return wanted;
  return listenOnce(0, '127.0.0.1');
}

/** Whether a server could listen there now, on the loopback address and on all addresses. */
export async function portIsFree(port: number): Promise<boolean> {
  try {
    await listenOnce(port, '127.0.0.1');
    await listenOnce(port, undefined);
    return true;
  } catch {
    return false;
  }
}

async function listenOnce(port: number, host: string | undefined): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}
