/** The app as tests run it: on a database of its own, with the simulated insurance registry and quick answers. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

import { createHttpRegistry } from '../../gateways/insurance-registry/http-registry';
import { startRegistrySimulator, type RegistrySimulator } from '../../gateways/insurance-registry/simulator';
import { openLedger, type Ledger } from '../../ledger/database';
import { createTestDatabase } from './database';
import { buildApp, type AppParts } from '../../api/app';

export interface TestApp {
  readonly app: FastifyInstance;
  readonly ledger: Ledger;
  readonly registry: RegistrySimulator;
  readonly parts: AppParts;
  close(): Promise<void>;
}

/** `changed` replaces parts; logging is silent unless it says otherwise. */
export async function buildTestApp(changed: Partial<AppParts> = {}): Promise<TestApp> {
  const database = await createTestDatabase();
  const ledger = openLedger({
    databaseUrl: database.url,
    keys: { dataKeys: new Map([[1, randomBytes(32)]]), currentDataKey: 1, indexKey: randomBytes(32) },
  });
  const registry = await startRegistrySimulator({ databaseUrl: database.url, answerAfterMs: 1 });
  const parts: AppParts = {
    ledger,
    registry: createHttpRegistry({ url: registry.url, timeoutMs: 500 }),
    sessionKey: randomBytes(32),
    captchaKey: randomBytes(32),
    publicOrigin: '',
    logLevel: 'silent',
    signInFloorMs: 20,
    ...changed,
  };
  const app = await buildApp(parts);
  await app.ready();
  return {
    app,
    ledger,
    registry,
    parts,
    async close() {
      await app.close();
      await registry.close();
      await ledger.close();
      await database.drop();
    },
  };
}
