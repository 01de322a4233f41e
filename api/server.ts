/** The process of API and pages: settings, listening, an orderly end. It serves before database and engine are up. */
import { readFile } from 'node:fs/promises';
import closeWithGrace from 'close-with-grace';

import { readSettings, type Settings } from '../config/settings';
import { startTracing } from '../config/tracing';
import { createHttpCarriers } from '../gateways/carriers/http-carriers';
import { createHttpCrl } from '../gateways/certificate-revocation/http-crl';
import { createHttpRegistry } from '../gateways/insurance-registry/http-registry';
import { openLedger } from '../ledger/database';
import { parseLedgerKeys } from '../ledger/encryption';
import { pagesPlugin } from '../web/pages';
import { buildApp, type AppParts } from './app';
import { readTrustStore } from './certificate/citizen-certificate';
import { watchEngine } from './engine-watch';
import { keepHouse } from './housekeeping';
import { errorFacts } from './logging';

/** Longer than any statement of a request may take; people do not wait longer either. */
const answerWaitMs = 10_000;
/** Requests that are being answered get this long after a signal. */
const graceMs = 10_000;
/** An event loop this late means that everyone waits: better to say so to some. */
const maxEventLoopDelayMs = 1_000;
/** Some tenths of a second of statements, and of bookings: whoever came after them would wait too long. */
const maxLedgerQueue = 1_000;
const maxBookingQueue = 5_000;

async function main(): Promise<void> {
  const settings = readSettings([
    'DATABASE_URL',
    'INSURANCE_REGISTRY_URL',
    'YIYUE_DATA_KEYS',
    'YIYUE_INDEX_KEY',
    'YIYUE_SESSION_KEY',
    'YIYUE_CAPTCHA_KEY',
  ]);
  const tracing = startTracing('yiyue-api', settings);
  const ledger = openLedger({
    databaseUrl: settings.DATABASE_URL,
    keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS, settings.YIYUE_INDEX_KEY),
    maxConnections: settings.DATABASE_CONNECTIONS,
    applicationName: 'yiyue-api',
    answerWaitMs,
  });
  const engine = watchEngine(settings.TEMPORAL_ADDRESS);
  const app = await buildApp({
    ledger,
    registry: createHttpRegistry({ url: settings.INSURANCE_REGISTRY_URL }),
    ...(settings.CARRIERS_URL === '' ? {} : { carriers: createHttpCarriers({ url: settings.CARRIERS_URL }) }),
    ...(await authoritiesIn(settings.CITIZEN_CERTIFICATE_AUTHORITIES)),
    sessionKey: keyOf(settings, 'YIYUE_SESSION_KEY'),
    captchaKey: keyOf(settings, 'YIYUE_CAPTCHA_KEY'),
    publicOrigin: settings.PUBLIC_ORIGIN,
    trustedProxies: settings.TRUSTED_PROXIES,
    engineState: () => engine.state(),
    maxEventLoopDelayMs,
    maxLedgerQueue,
    maxBookingQueue,
    waitingRoom: {
      perSecond: settings.WAITING_ROOM_PER_SECOND,
      holdMinutes: settings.WAITING_ROOM_HOLD_MINUTES,
    },
    measureProcess: true,
    traced: tracing !== undefined,
    pages: pagesPlugin({
      secure: settings.PUBLIC_ORIGIN.startsWith('https:'),
      demonstration: settings.YIYUE_MODE !== 'production',
      smsInboxUrl: settings.SMS_INBOX_URL,
      cardBridgeUrl: settings.CARD_BRIDGE_URL,
      stationBridgeUrl: settings.STATION_CARD_BRIDGE_URL,
      mailInboxUrl: settings.MAIL_INBOX_URL,
      engineReady: () => engine.state() !== 'away',
    }),
  });
  const house = keepHouse(ledger, (error) => app.log.warn(errorFacts(error), 'sweeping failed'));

  closeWithGrace({ delay: graceMs, logger: false }, async ({ err, signal }) => {
    if (err) app.log.error(errorFacts(err), 'an error nobody caught ends the process');
    else app.log.info({ signal }, 'stopping');
    house.stop();
    await app.close();
    await engine.close();
    await ledger.close();
    await tracing?.close();
  });
  // At an opening thousands connect in the same instant: who is not taken in by the kernel tries again a second later.
  await app.listen({ port: settings.PORT, host: settings.HOST, backlog: 4_096 });
}

/** The bundle that operations were given; throws a sentence where it cannot be read or holds no root. */
async function authoritiesIn(file: string): Promise<Pick<AppParts, 'certificateAuthorities'>> {
  if (file === '') return {};
  const trust = await readFile(file, 'utf8')
    .then(readTrustStore)
    .catch(() => undefined);
  if (!trust || trust.roots.length === 0) {
    throw new Error('CITIZEN_CERTIFICATE_AUTHORITIES names no file of certificates with a root among them.');
  }
  return { certificateAuthorities: { trust, revocation: createHttpCrl() } };
}

function keyOf(settings: Settings, name: 'YIYUE_SESSION_KEY' | 'YIYUE_CAPTCHA_KEY'): Buffer {
  const key = Buffer.from(settings[name], 'base64');
  if (key.length !== 32) throw new Error(`${name} has 32 bytes in base64.`);
  return key;
}

/** One sentence for what an operator can mend; never a stack. */
function sentenceFor(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const port = error instanceof Error && 'port' in error ? String(error.port) : '?';
  if (code === 'EADDRINUSE') return `Port ${port} is in use by another program; set PORT to a free one.`;
  if (code === 'EACCES') return `Port ${port} may not be opened by this account; set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return 'HOST is no address of this machine.';
  return error instanceof Error ? error.message : String(error);
}

main().catch((error: unknown) => {
  process.stderr.write(`${sentenceFor(error)}\n`);
  process.exit(1);
});
