/**
 * The app as the API's process has it, and in the same process a server without anything around it, on the port that
 * is the argument: both answer `/fixed/<bytes>` with a body of that many bytes.
 */
import { randomBytes } from 'node:crypto';
import fastify from 'fastify';

import { absentRegistry } from '../../gateways/insurance-registry/port';
import { buildApp } from '../../api/app';
import { readSettings } from '../../config/settings';
import { openLedger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';

const fixedBodies = new Map<string, Buffer>();
function fixedBody(bytes: string): Buffer {
  let body = fixedBodies.get(bytes);
  if (!body) {
    body = Buffer.alloc(Number(bytes), 'x');
    fixedBodies.set(bytes, body);
  }
  return body;
}

async function main(): Promise<void> {
  const settings = readSettings(['DATABASE_URL', 'YIYUE_DATA_KEYS', 'YIYUE_INDEX_KEY']);
  const ledger = openLedger({
    databaseUrl: settings.DATABASE_URL,
    keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS, settings.YIYUE_INDEX_KEY),
  });
  const app = await buildApp({
    ledger,
    registry: absentRegistry,
    sessionKey: randomBytes(32),
    captchaKey: randomBytes(32),
    publicOrigin: '',
  });
  const fixed = { schema: { hide: true }, config: { act: false } } as const;
  app.get<{ Params: { bytes: string } }>('/fixed/:bytes', fixed, async (request, reply) =>
    reply.type('application/json; charset=utf-8').send(fixedBody(request.params.bytes)),
  );
  const bare = fastify();
  bare.get<{ Params: { bytes: string } }>('/fixed/:bytes', async (request, reply) =>
    reply.type('application/json; charset=utf-8').send(fixedBody(request.params.bytes)),
  );
  await app.listen({ host: settings.HOST, port: settings.PORT });
  await bare.listen({ host: settings.HOST, port: Number(process.argv[2]) });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
