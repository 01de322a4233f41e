/** What the bridge keeps between two starts: its settings and its keys, in a folder that its owner alone may read. */
import { createHash, generateKeyPairSync, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { sign, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Where the bridge listens unless told otherwise; the pages look for it there. */
export const defaultPort = 17_777;

export interface BridgeSettings {
  readonly port: number;
  /** Origins of sites whose pages may ask to read a card, e.g. `https://vaccine.example`. */
  readonly origins: readonly string[];
  /** The site for which a kiosk's own program reads cards; none unless the bridge serves a kiosk. */
  readonly kioskOrigin?: string;
  /** PKCS#11 module of certificate cards; where HiCOS puts its own unless one was named. */
  readonly pkcs11Module?: string;
}

/** The folder that belongs to the bridge, by the custom of the operating system. */
export function defaultHome(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const name = 'yiyue-card-bridge';
  if (platform === 'win32') {
    return path.join(environment['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local'), name);
  }
  if (platform === 'darwin') return path.join(os.homedir(), 'Library', 'Application Support', name);
  return path.join(environment['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share'), name);
}

/** The origin that a person wrote, in the one form that browsers send. Throws a sentence for what is none. */
export function originOf(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const isSite =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search + url.hash === '';
  if (!url || !isSite || url.username !== '') {
    throw new Error(`"${written}" is no origin: give it as https://vaccine.example.`);
  }
  return url.origin;
}

/** What is kept under `home`; made on the first run. */
export class BridgeHome {
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
  }

  settings(): BridgeSettings {
    const file = path.join(this.#home, 'settings.json');
    if (!existsSync(file)) return { port: defaultPort, origins: [] };
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<BridgeSettings>;
    return {
      port: kept.port ?? defaultPort,
      origins: (kept.origins ?? []).map(originOf),
      ...(kept.kioskOrigin !== undefined && { kioskOrigin: originOf(kept.kioskOrigin) }),
      ...(kept.pkcs11Module !== undefined && { pkcs11Module: kept.pkcs11Module }),
    };
  }

  keep(settings: BridgeSettings): void {
    this.#write('settings.json', `${JSON.stringify(settings, null, 2)}\n`);
  }

  /** The bridge's own key pair, made on the first run; it never leaves this folder. */
  key(): BridgeKey {
    const kept = this.#made('key.pem', () =>
      generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    );
    return new BridgeKey(createPrivateKey(kept));
  }

  /** By what a kiosk's own program, which has no page and so no origin, shows that it belongs here. */
  kioskKey(): string {
    return this.#made('kiosk.key', () => `${randomBytes(32).toString('base64url')}\n`).trim();
  }

  #made(name: string, make: () => string): string {
    const file = path.join(this.#home, name);
    if (!existsSync(file)) this.#write(name, make());
    chmodSync(file, 0o600);
    return readFileSync(file, 'utf8');
  }

  #write(name: string, text: string): void {
    writeFileSync(path.join(this.#home, name), text, { mode: 0o600 });
  }
}

/** The key with which this bridge signs (Ed25519). */
export class BridgeKey {
  /** Raw public key, base64url. */
  readonly publicKey: string;
  /** SHA-256 of the raw public key, base64url. */
  readonly keyId: string;
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = String(createPublicKey(key).export({ format: 'jwk' }).x);
    this.keyId = createHash('sha256').update(Buffer.from(this.publicKey, 'base64url')).digest('base64url');
  }

  /** Signature over the text as UTF-8, base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text, 'utf8'), this.#key).toString('base64url');
  }
}
