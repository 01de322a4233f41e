/**
 * A certificate card of software (SoftHSM2) behind the real PKCS#11 interface, in a folder of its own. It never locks,
 * whatever PIN it is given; `locking-token.cjs` makes it count as cards do.
 */
import { execFileSync } from 'node:child_process';
import { createHash, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Pkcs11Token, type Pkcs11TokenOptions } from '../../card-bridge/certificate/pkcs11-token';
import { projectRoot } from '../../config/project-root';
import { softwareTokenModule } from '../../scripts/runtime/test-tools';
import { typescriptOptions } from './reader-daemon';

/** What is on a card: a certificate in DER with the key that belongs to it, and the name of both on the card. */
export interface CardContent {
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
  readonly keyId?: Buffer;
}

export class SoftwareToken {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'yiyue-token-'));
  readonly module: string;

  constructor() {
    const module = softwareTokenModule();
    if (module === undefined) {
      throw new Error('The tests of certificate cards need SoftHSM2; on Debian: apt-get install softhsm2.');
    }
    this.module = module;
    this.remove();
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, SOFTHSM2_CONF: path.join(this.#folder, 'softhsm2.conf') };
  }

  /** Takes the card out: the reader is empty. */
  remove(): void {
    rmSync(path.join(this.#folder, 'tokens'), { recursive: true, force: true });
    rmSync(path.join(this.#folder, 'wrong-pins'), { force: true });
    mkdirSync(path.join(this.#folder, 'tokens'));
    writeFileSync(
      path.join(this.#folder, 'softhsm2.conf'),
      `directories.tokendir = ${path.join(this.#folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
  }

  /** Puts a card in with this on it, after the one before was taken out. */
  insert(pin: string, ...contents: readonly CardContent[]): void {
    this.remove();
    execFileSync(
      'softhsm2-util',
      [
        ...['--module', this.module, '--init-token', '--free'],
        ...['--label', 'HiCOS PKI Smart Card', '--so-pin', '87654321', '--pin', pin],
      ],
      { env: this.environment, stdio: 'ignore' },
    );
    const written = contents.map(({ certificate, privateKey, keyId }) => ({
      certificate: certificate.toString('hex'),
      keyId: (keyId ?? createHash('sha1').update(certificate).digest()).toString('hex'),
      jwk: privateKey.export({ format: 'jwk' }),
    }));
    execFileSync(process.execPath, [path.join(projectRoot, 'test/support/software-card.cjs')], {
      ...{ env: this.environment, stdio: ['pipe', 'ignore', 'inherit'] },
      input: JSON.stringify({ module: this.module, pin, contents: written }),
    });
  }

  /** The bridge's access to it; the card counts wrong PINs and locks at the third. */
  access(options: Pkcs11TokenOptions = {}): Pkcs11Token {
    return new Pkcs11Token({
      module: this.module,
      environment: { ...this.environment, WRONG_PINS: path.join(this.#folder, 'wrong-pins') },
      execArgv: [
        ...typescriptOptions,
        ...['--require', path.join(projectRoot, 'test/support/locking-token.cjs')],
      ],
      ...options,
    });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
