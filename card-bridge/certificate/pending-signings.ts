/**
 * Signatures that pages of allowed sites have asked for and whose PIN is still to be typed, on the bridge's own page.
 * A site learns only the id of its own; who does not know it finds no page.
 */
import { randomBytes } from 'node:crypto';

import type { CertificateProof } from '../../domain/card-proof/certificate-proof';
import { challengeLifeSeconds } from '../../domain/card-proof/card-proof';
import type { SigningWish } from './certificate-signing';
import type { TokenProblem } from './certificate-token';

export interface PendingSigning {
  readonly id: string;
  readonly wish: SigningWish;
  readonly until: number;
  outcome?: CertificateProof | 'cancelled' | TokenProblem;
}

/** Forms left open in other windows; a site that asks for ever more gets no further. */
const most = 5;

export class PendingSignings {
  readonly #all = new Map<string, PendingSigning>();

  /** Takes up a wish. The one before of the same site is over: its page asks about nothing any more. */
  open(wish: SigningWish, now: number = Date.now()): PendingSigning | undefined {
    this.#forgetOld(now);
    for (const { id, wish: before } of this.#all.values()) {
      if (before.origin === wish.origin) this.#all.delete(id);
    }
    if (this.#all.size >= most) return undefined;
    const id = randomBytes(32).toString('base64url');
    const signing: PendingSigning = { id, wish, until: now + challengeLifeSeconds * 1_000 };
    this.#all.set(id, signing);
    return signing;
  }

  find(id: string, now: number = Date.now()): PendingSigning | undefined {
    this.#forgetOld(now);
    return this.#all.get(id);
  }

  /** What came of it, once, for the site that asked; a proof is kept no longer than until it is fetched. */
  take(id: string, origin: string): PendingSigning | undefined {
    const signing = this.find(id);
    if (signing?.wish.origin !== origin) return undefined;
    if (signing.outcome !== undefined) this.#all.delete(id);
    return signing;
  }

  #forgetOld(now: number): void {
    for (const { id, until } of this.#all.values()) if (until <= now) this.#all.delete(id);
  }
}
