/** A certificate card made of software, for tests and demonstration: a key that stays in it, a PIN, three tries. */
import { sign, type KeyObject } from 'node:crypto';

import type { CertificateToken, TokenAnswer } from './certificate-token';

const pinTries = 3;

export class VirtualCertificateCard implements CertificateToken {
  #triesLeft = pinTries;
  #inserted = true;

  constructor(
    private readonly content: {
      /** DER. */
      readonly certificate: Buffer;
      readonly privateKey: KeyObject;
      readonly pin: string;
    },
  ) {}

  pull(): void {
    this.#inserted = false;
  }

  async certificate(): Promise<TokenAnswer<Buffer>> {
    if (!this.#inserted) return { ok: false, problem: 'noToken' };
    return { ok: true, value: this.content.certificate };
  }

  async sign(pin: string, text: Buffer): Promise<TokenAnswer<Buffer>> {
    if (!this.#inserted) return { ok: false, problem: 'tokenPulled' };
    if (this.#triesLeft === 0) return { ok: false, problem: 'pinLocked' };
    if (pin !== this.content.pin) {
      this.#triesLeft -= 1;
      return this.#triesLeft === 0
        ? { ok: false, problem: 'pinLocked' }
        : { ok: false, problem: 'pinWrong', triesLeft: this.#triesLeft };
    }
    this.#triesLeft = pinTries;
    const key = { key: this.content.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return { ok: true, value: sign('sha256', text, key) };
  }
}
