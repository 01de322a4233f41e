/** A card bridge as the API sees it: a key, and what it signs. The card is made up; no reader is asked. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

import type { BasicData } from '../../domain/card-proof/basic-data';
import {
  enrolmentText,
  statementText,
  type BridgeEnrolment,
  type CardChallenge,
  type CardProof,
  type CardStatement,
} from '../../domain/card-proof/card-proof';

/** The challenge as `POST /v1/card-challenges` answers it. */
export interface AnsweredChallenge extends CardChallenge {
  readonly bridgeId: string;
}

export class BridgeKey {
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.publicKey = String(publicKey.export({ format: 'jwk' }).x);
    this.#privateKey = privateKey;
  }

  /** The body of `POST /v1/card-bridges`. */
  enrolment(origin: string, changed: Partial<BridgeEnrolment> = {}): BridgeEnrolment & { signature: string } {
    const enrolment = {
      publicKey: this.publicKey,
      name: 'test, bridge 0.1.0',
      origin,
      askedAt: new Date().toISOString(),
      ...changed,
    };
    return { ...enrolment, signature: this.#signed(enrolmentText(enrolment)) };
  }

  /** A proof that this card was read now; `changed` before it is signed. */
  proof(
    challenge: AnsweredChallenge,
    card: BasicData,
    origin: string,
    changed: Partial<CardStatement> = {},
  ): CardProof {
    const statement: CardStatement = {
      version: 1,
      bridgeId: challenge.bridgeId,
      keyId: createHash('sha256').update(Buffer.from(this.publicKey, 'base64url')).digest('base64url'),
      origin,
      challengeId: challenge.challengeId,
      nonce: challenge.nonce,
      purpose: challenge.purpose,
      readAt: new Date().toISOString(),
      reader: 'Test Reader 00 00',
      atr: '3BFF1800FF8131FE455448434331305445434F4744484E3224',
      card,
      ...changed,
    };
    return { statement, signature: this.#signed(statementText(statement)) };
  }

  #signed(text: string): string {
    return sign(null, Buffer.from(text, 'utf8'), this.#privateKey).toString('base64url');
  }
}

/** The card of somebody whom the registry knows. */
export function cardOf(person: {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly name: string;
}): BasicData {
  return {
    cardNumber: person.cardNumber,
    name: person.name,
    nameHasPrivateUse: false,
    personNumber: person.personNumber,
    birthDate: '1970-01-01',
    sex: 'female',
    issuedOn: '2020-01-02',
  };
}
