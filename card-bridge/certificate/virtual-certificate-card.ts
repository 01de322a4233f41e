/** A certificate card made of software, for tests: a key that stays in it, a PIN, three tries. */
import { sign, type KeyObject } from 'node:crypto';

import type { CertificateToken, TokenAnswer, TokenFacts } from './certificate-token';

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

  async look(): Promise<TokenAnswer<TokenFacts>> {
    if (!this.#inserted) return { ok: false, problem: 'noToken' };
    const { certificate } = this.content;
    return { ok: true, value: { reader: 'Virtual 00', certificate, lastTry: this.#triesLeft === 1 } };
  }

  async sign(pin: string, text: Buffer): Promise<TokenAnswer<Buffer>> {
    if (!this.#inserted) return { ok: false, problem: 'tokenPulled' };
    if (this.#triesLeft === 0) return { ok: false, problem: 'pinLocked' };
    if (pin !== this.content.pin) {
      this.#triesLeft -= 1;
      const problem = (['pinLocked', 'pinLastTry', 'pinWrong'] as const)[this.#triesLeft] ?? 'pinWrong';
      return { ok: false, problem };
    }
    this.#triesLeft = pinTries;
    const key = { key: this.content.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return { ok: true, value: sign('sha256', text, key) };
  }
}
