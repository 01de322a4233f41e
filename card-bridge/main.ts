#!/usr/bin/env node
/** The card bridge (讀卡程式) as a program: reads its settings, listens, and ends orderly. */
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Pkcs11Token } from './certificate/pkcs11-token';
import { ReaderProcess } from './reader/reader-process';
import { startBridge } from './server';
import { BridgeHome, defaultHome, defaultPort, originOf } from './settings';

const usage = `yiyue-card-bridge [--allow ORIGIN …] [--port PORT] [--home FOLDER] [--kiosk ORIGIN]
                  [--pkcs11 FILE] [--test-mode]

  --allow ORIGIN   a site whose pages may ask to read a card, e.g. https://vaccine.example; remembered
  --port PORT      where to listen on this computer [${String(defaultPort)}]; remembered
  --home FOLDER    keys and settings [${defaultHome()}]
  --kiosk ORIGIN   a kiosk's own program reads cards for this site with the key in FOLDER/kiosk.key; remembered
  --pkcs11 FILE    module of certificate cards, where it is not HiCOS in its usual place; remembered
  --test-mode      readers of software count too; never on a computer that serves real people
`;

/** Times, events, codes and ATRs: nothing of any card's owner is ever logged. */
function log(event: string, facts: Readonly<Record<string, string | number>> = {}): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...facts })}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      allow: { type: 'string', multiple: true, default: [] },
      port: { type: 'string' },
      home: { type: 'string', default: defaultHome() },
      kiosk: { type: 'string' },
      pkcs11: { type: 'string' },
      'test-mode': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const home = new BridgeHome(values.home);
  const kept = home.settings();
  const port = values.port === undefined ? kept.port : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port is no port number.');
  const origins = [...new Set([...kept.origins, ...values.allow.map(originOf)])];
  const kioskOrigin = values.kiosk === undefined ? kept.kioskOrigin : originOf(values.kiosk);
  const module = values.pkcs11 === undefined ? kept.pkcs11Module : path.resolve(values.pkcs11);
  home.keep({
    ...{ port, origins },
    ...(kioskOrigin !== undefined && { kioskOrigin }),
    ...(module !== undefined && { pkcs11Module: module }),
  });

  const testMode = values['test-mode'];
  const reader = new ReaderProcess({ allowVirtualReaders: testMode });
  const token = new Pkcs11Token(module === undefined ? {} : { module });
  const bridge = await startBridge({
    ...{ port, origins, reader, token, key: home.key(), testMode, log },
    ...(kioskOrigin !== undefined && { kiosk: { origin: kioskOrigin, key: home.kioskKey() } }),
  });
  process.stdout.write(`The card bridge answers at ${bridge.url}; open it to see how it stands.\n`);
  if (origins.length === 0) process.stdout.write('No site may read cards yet: give one with --allow.\n');
  const end = (): void => {
    void Promise.all([bridge.close(), reader.stop()]).then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
}

main().catch((error: NodeJS.ErrnoException) => {
  const inUse = error.code === 'EADDRINUSE';
  process.stderr.write(
    `${inUse ? 'Another program, or a second bridge, listens on this port: give another with --port.' : error.message}\n`,
  );
  process.exit(1);
});
