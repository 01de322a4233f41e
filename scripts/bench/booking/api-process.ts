/** One API process of the booking benchmark: the product's app, in which booking can be exchanged for a contender's. */
import type { FastifyInstance } from 'fastify';
import { Pool } from 'pg';

import { buildApp } from '../../../api/app';
import { readSettings } from '../../../config/settings';
import { createHttpRegistry } from '../../../gateways/insurance-registry/http-registry';
import { openLedger } from '../../../ledger/database';
import { parseLedgerKeys } from '../../../ledger/encryption';

import type { Contender, HandlerMaker } from './contender';
import { plainBooking } from './plain-booking';
import { textbookBooking } from './textbook-booking';

const handlers: Readonly<Record<'plain' | 'textbook', HandlerMaker>> = {
  plain: plainBooking,
  textbook: textbookBooking,
};

const settings = readSettings([
  'DATABASE_URL',
  'YIYUE_DATA_KEYS',
  'YIYUE_INDEX_KEY',
  'YIYUE_SESSION_KEY',
  'YIYUE_CAPTCHA_KEY',
]);
let running: { readonly app: FastifyInstance; close(): Promise<void> } | undefined;

/** Serves with this contender from now on. */
async function use({ name, connections }: Contender): Promise<void> {
  await running?.close();
  const ledger = openLedger({
    databaseUrl: settings.DATABASE_URL,
    keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS, settings.YIYUE_INDEX_KEY),
    ...(name === 'ours' && { bookingLanes: connections }),
    connectionWaitMs: 60_000,
  });
  const app = await buildApp({
    ledger,
    registry: createHttpRegistry({ url: 'http://127.0.0.1:1' }),
    sessionKey: Buffer.from(settings.YIYUE_SESSION_KEY, 'base64'),
    captchaKey: Buffer.from(settings.YIYUE_CAPTCHA_KEY, 'base64'),
    publicOrigin: '',
  });
  const pool = new Pool({
    connectionString: settings.DATABASE_URL,
    max: connections,
    min: connections,
    connectionTimeoutMillis: 60_000,
  });
  if (name !== 'ours') {
    const book = handlers[name](ledger, pool);
    Object.assign(app.acts, {
      book: async (...asked: Parameters<typeof book>) => {
        const outcome = await book(...asked);
        app.countAct('book', outcome);
        return outcome;
      },
    });
  }
  await app.listen({ port: settings.PORT, host: '127.0.0.1' });
  running = {
    app,
    close: async () => {
      await app.close();
      await pool.end();
      await ledger.close();
    },
  };
}

// Waiting for what to do is reason enough to stay, whatever else counts the channel's listeners.
process.channel?.ref();
process.on('message', (contender: Contender) => {
  use(contender).then(
    () => process.send?.({ ready: true }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
// Its parent is gone: nobody asks any more.
process.on('disconnect', () => process.exit(0));
