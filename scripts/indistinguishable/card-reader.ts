/** A card bridge in software for the measurement: a key that signs what a made-up card would say. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import {
  enrolmentText,
  statementText,
  type CardChallenge,
  type CardProof,
  type CardStatement,
} from '../../domain/card-proof/card-proof';

export class CardReader {
  readonly #keys = generateKeyPairSync('ed25519');
  readonly #publicKey = String(this.#keys.publicKey.export({ format: 'jwk' }).x);
  #bridgeId: string | undefined;

  /** `url`: of the app, whose origin it is too. */
  constructor(private readonly url: string) {}

  /** A visit in which the card was read just now: its cookie, and the proof for it. */
  async read(card: {
    readonly personNumber: string;
    readonly cardNumber: string;
    readonly birthDate: string;
  }): Promise<{ readonly cookie: string; readonly cardProof: CardProof }> {
    this.#bridgeId ??= await this.#enrol();
    const bridgeId = this.#bridgeId;
    const answer = await this.#post('/v1/card-challenges', { bridgeId, purpose: 'sign-in' });
    const challenge = (await answer.json()) as CardChallenge;
    const statement: CardStatement = {
      ...{ version: 1, bridgeId, origin: this.url },
      keyId: createHash('sha256').update(Buffer.from(this.#publicKey, 'base64url')).digest('base64url'),
      ...{ challengeId: challenge.challengeId, nonce: challenge.nonce, purpose: challenge.purpose },
      ...{ readAt: new Date().toISOString(), reader: 'Reader 00 00' },
      atr: '3BFF1800FF8131FE455448434331305445434F4744484E3224',
      card: {
        ...{ name: '甄健康', nameHasPrivateUse: false, sex: 'female', issuedOn: '2020-01-02' },
        ...{ personNumber: card.personNumber, cardNumber: card.cardNumber },
        birthDate: card.birthDate,
      },
    };
    const cookie = answer.headers.getSetCookie().map((each) => each.split(';', 1)[0] ?? '');
    return { cookie: cookie.join('; '), cardProof: this.#signed(statement) };
  }

  #signed(statement: CardStatement): CardProof {
    return { statement, signature: this.#signature(statementText(statement)) };
  }

  async #enrol(): Promise<string> {
    const enrolment = {
      ...{ publicKey: this.#publicKey, name: 'measurement', origin: this.url },
      askedAt: new Date().toISOString(),
    };
    const signature = this.#signature(enrolmentText(enrolment));
    const answer = await this.#post('/v1/card-bridges', { ...enrolment, signature });
    return ((await answer.json()) as { bridgeId: string }).bridgeId;
  }

  #signature(text: string): string {
    return sign(null, Buffer.from(text, 'utf8'), this.#keys.privateKey).toString('base64url');
  }

  async #post(path: string, body: object): Promise<Response> {
    const answer = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`the reader's ${path} was answered ${String(answer.status)}`);
    return answer;
  }
}
