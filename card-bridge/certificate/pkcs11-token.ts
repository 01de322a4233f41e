/** The certificate card in a reader of this computer, by way of the card vendor's PKCS#11 module in a process of its own. */
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { KeyUsageFlags, KeyUsagesExtension, X509Certificate } from '@peculiar/x509';

import type { CertificateToken, TokenAnswer, TokenFacts } from './certificate-token';
import type { Pkcs11Question, Pkcs11Reply, TokenFound } from './pkcs11-messages';

export interface Pkcs11TokenOptions {
  /** File of the vendor's module. Default: where HiCOS puts it on this system. */
  readonly module?: string;
  /** How long a card may take before the process is ended. Default: 30 seconds. */
  readonly limitMs?: number;
  /** Environment of the process. Default: ours. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Options of node for it. Default: ours. */
  readonly execArgv?: readonly string[];
}

/** A module looks for its readers, and a card signs: a slow pair takes some seconds each. */
const defaultLimitMs = 30_000;

/** Where HiCOS installs its module, by the programs that use it; the first that is there counts. */
const modulePlaces: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  win32: ['C:\\Windows\\System32\\HiCOSPKCS11.dll', 'C:\\Program Files\\HiCOS\\HiCOSPKCS11.dll'],
  darwin: ['/usr/local/lib/libHicos_p11v1.dylib', '/usr/local/HiPKILocalSignServer/libHicos_p11v1.dylib'],
  linux: ['/usr/lib/libHicos_p11v1.so', '/usr/local/lib/libHicos_p11v1.so'],
};

const program = path.join(__dirname, `pkcs11-process${path.extname(__filename)}`);

/** A certificate for signing, and where its key is. */
interface Chosen extends TokenFacts {
  readonly slot: string;
  readonly keyId: string;
  readonly modulus: string;
}

export class Pkcs11Token implements CertificateToken {
  readonly #options: Pkcs11TokenOptions;

  constructor(options: Pkcs11TokenOptions = {}) {
    this.#options = options;
  }

  look(): Promise<TokenAnswer<TokenFacts>> {
    return this.#choose();
  }

  async sign(pin: string, text: Buffer): Promise<TokenAnswer<Buffer>> {
    const found = await this.#choose();
    if (!found.ok) return found.problem === 'noToken' ? { ok: false, problem: 'tokenPulled' } : found;
    const { slot, keyId, modulus } = found.value;
    const reply = await this.#ask({ act: 'sign', slot, keyId, modulus, pin, text: text.toString('hex') });
    if ('signature' in reply) return { ok: true, value: Buffer.from(reply.signature, 'hex') };
    return { ok: false, problem: 'problem' in reply ? reply.problem : 'tokenFailed' };
  }

  async #choose(): Promise<TokenAnswer<Chosen>> {
    const reply = await this.#ask({ act: 'look' });
    if ('problem' in reply) return { ok: false, problem: reply.problem };
    if (!('tokens' in reply) || reply.tokens.length === 0) return { ok: false, problem: 'noToken' };
    const chosen = reply.tokens.flatMap(signingCertificatesOf)[0];
    if (chosen) return { ok: true, value: chosen };
    const isLocked = reply.tokens.some(({ locked, certificates }) => locked && certificates.length > 0);
    return { ok: false, problem: isLocked ? 'pinLocked' : 'otherToken' };
  }

  /** One question to one process, which is ended when it does not answer in time: it may hang in a driver. */
  #ask(asked: Omit<Pkcs11Question, 'module'> & Record<string, unknown>): Promise<Pkcs11Reply> {
    const module = this.#options.module ?? modulePlaces[process.platform]?.find((place) => existsSync(place));
    if (module === undefined) return Promise.resolve({ problem: 'noModule' });
    return new Promise((resolve) => {
      const child = fork(program, [], {
        env: this.#options.environment ?? process.env,
        execArgv: [...(this.#options.execArgv ?? process.execArgv)],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      const end = (reply: Pkcs11Reply): void => {
        clearTimeout(limit);
        child.kill('SIGKILL');
        resolve(reply);
      };
      const limit = setTimeout(() => end({ problem: 'tokenStuck' }), this.#options.limitMs ?? defaultLimitMs);
      child.once('message', (reply) => end(reply as Pkcs11Reply));
      child.once('error', () => end({ problem: 'tokenFailed' }));
      child.once('exit', () => end({ problem: 'tokenFailed' }));
      // A process that ends at this moment is told by its exit.
      child.send({ ...asked, module }, () => undefined);
    });
  }
}

/** A card holds certificates of its authorities, for encryption and for signing: only the last is of use. */
function signingCertificatesOf({
  slot,
  reader,
  lastTry,
  locked,
  certificates,
}: TokenFound): readonly Chosen[] {
  if (locked) return [];
  return certificates.flatMap(({ keyId, der }) => {
    const certificate = Buffer.from(der, 'hex');
    if (!isForSigning(certificate)) return [];
    return [{ slot, reader, lastTry, keyId, certificate, modulus: modulusOf(certificate) }];
  });
}

function isForSigning(der: Buffer): boolean {
  try {
    const usages = new X509Certificate(new Uint8Array(der)).getExtension(KeyUsagesExtension)?.usages ?? 0;
    return (usages & KeyUsageFlags.digitalSignature) !== 0;
  } catch {
    return false;
  }
}

function modulusOf(der: Buffer): string {
  const { publicKey } = new X509Certificate(new Uint8Array(der));
  const key = createPublicKey({ key: Buffer.from(publicKey.rawData), format: 'der', type: 'spki' });
  const { n } = key.asymmetricKeyType === 'rsa' ? key.export({ format: 'jwk' }) : {};
  return n === undefined ? '' : Buffer.from(n, 'base64url').toString('hex');
}
