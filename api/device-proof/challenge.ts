/**
 * Challenges that a device signs, for binding it and for signing in by it: signed by us, so that nothing has to be kept
 * while they are out, and each is good for two minutes and one answer, on whichever process it is given.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { spendChallenge } from '../../ledger/challenge';
import type { LedgerDb } from '../../ledger/database';

/** What a challenge is for; one for binding is no good for signing in. */
export type DevicePurpose = 'bind' | 'sign-in';

export interface DeviceChallenge {
  /** base64url. */
  readonly challenge: string;
  readonly expiresAt: Date;
}

/** Long enough to find one's finger and to read what the phone asks. */
export const deviceChallengeLifeMs = 120_000;

const nonceBytes = 16;
const timeBytes = 6;
const macBytes = 32;

/** Makes and checks them under a key of 32 bytes. */
export class DeviceChallenges {
  constructor(private readonly key: Buffer) {}

  make(purpose: DevicePurpose, now = Date.now()): DeviceChallenge {
    const expiresAt = now + deviceChallengeLifeMs;
    const time = Buffer.alloc(timeBytes);
    time.writeUIntBE(expiresAt, 0, timeBytes);
    const head = Buffer.concat([time, randomBytes(nonceBytes)]);
    const challenge = Buffer.concat([head, this.#mac(purpose, head)]).toString('base64url');
    return { challenge, expiresAt: new Date(expiresAt) };
  }

  /** Until when it is good; undefined when it is none of ours, for something else, or over. */
  check(purpose: DevicePurpose, challenge: string, now = Date.now()): Date | undefined {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== timeBytes + nonceBytes + macBytes) return undefined;
    // The same bytes may be written in several ways; only one of them is ours.
    if (bytes.toString('base64url') !== challenge) return undefined;
    const head = bytes.subarray(0, timeBytes + nonceBytes);
    if (!timingSafeEqual(this.#mac(purpose, head), bytes.subarray(head.length))) return undefined;
    const expiresAt = head.readUIntBE(0, timeBytes);
    return expiresAt > now ? new Date(expiresAt) : undefined;
  }

  /** True for the first who spends it. */
  spend(db: LedgerDb, { challenge, expiresAt }: DeviceChallenge): Promise<boolean> {
    return spendChallenge(db, `device:${challenge}`, expiresAt);
  }

  #mac(purpose: DevicePurpose, head: Buffer): Buffer {
    return createHmac('sha256', this.key).update(`${purpose}:`).update(head).digest();
  }
}
