/** A phone in software: a passkey with its unlock, or a key of a browser, for tests that need no browser. */
import { createHash, createSign, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

import { keyStatement } from '../../domain/device-binding/key-statement';

const text = (bytes: Buffer): string => bytes.toString('base64url');
const sha256 = (bytes: Buffer | string): Buffer => createHash('sha256').update(bytes).digest();

/** What a test spoils: another origin, another host, an unlock that was not done. */
export interface Spoilt {
  readonly origin?: string;
  readonly unlocked?: boolean;
}

const userPresent = 0x01;
const userVerified = 0x04;
const credentialIncluded = 0x40;

/** The authenticator of a phone: one passkey that counts its uses. */
export class SoftwarePasskey {
  readonly id = randomBytes(32);
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #uses = 0;

  constructor(private readonly origin: string) {}

  /** As `navigator.credentials.create` answers. */
  create(challenge: string, spoilt: Spoilt = {}) {
    const clientData = this.#clientData('webauthn.create', challenge, spoilt);
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const cose = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
    const length = Buffer.from([0, this.id.length]);
    const authData = Buffer.concat([
      this.#authenticatorData(credentialIncluded, spoilt),
      ...[Buffer.alloc(16), length, this.id, cose],
    ]);
    // {"fmt": "none", "attStmt": {}, "authData": …}
    const attestationObject = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex'),
      Buffer.from([authData.length >> 8, authData.length & 0xff]),
      authData,
    ]);
    return {
      ...{ kind: 'passkey' as const, id: text(this.id), clientDataJSON: text(clientData) },
      ...{ attestationObject: text(attestationObject), transports: ['internal'] },
    };
  }

  /** As `navigator.credentials.get` answers. */
  get(challenge: string, spoilt: Spoilt = {}) {
    this.#uses += 1;
    const clientData = this.#clientData('webauthn.get', challenge, spoilt);
    const authenticatorData = this.#authenticatorData(0, spoilt);
    const signed = createSign('sha256').update(authenticatorData).update(sha256(clientData));
    return {
      ...{ id: text(this.id), clientDataJSON: text(clientData), authenticatorData: text(authenticatorData) },
      signature: text(signed.sign(this.#keys.privateKey)),
    };
  }

  #clientData(type: string, challenge: string, { origin = this.origin }: Spoilt): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  #authenticatorData(more: number, { unlocked = true }: Spoilt): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.#uses);
    const flags = userPresent | (unlocked ? userVerified : 0) | more;
    return Buffer.concat([sha256(new URL(this.origin).hostname), Buffer.from([flags]), count]);
  }
}

/** A key that a browser keeps. */
export class SoftwareKey {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor(private readonly origin: string) {}

  create(challenge: string, { origin = this.origin }: Spoilt = {}) {
    const publicKey = text(this.#keys.publicKey.export({ format: 'der', type: 'spki' }));
    const signature = signedBy(this.#keys.privateKey, keyStatement('bind', origin, challenge, publicKey));
    return { kind: 'key' as const, challenge, publicKey, signature };
  }

  get(challenge: string, boundDeviceId: string, { origin = this.origin }: Spoilt = {}) {
    const statement = keyStatement('sign-in', origin, challenge, boundDeviceId);
    return { boundDeviceId, challenge, signature: signedBy(this.#keys.privateKey, statement) };
  }
}

function signedBy(key: KeyObject, statement: string): string {
  return text(sign('sha256', Buffer.from(statement), { key, dsaEncoding: 'ieee-p1363' }));
}
