/** A browser at the card account's calls: it keeps its cookie, and a card can be put into its reader. */
import type { LightMyRequestResponse } from 'fastify';

import { findPersonKey } from '../../ledger/person';
import { householdOf } from '../../scripts/demo-data/person-record';
import { mailedToken, testEmail, testPassword } from '../builders/card-accounts';
import type { AppWorld, Insured } from './app';
import { BridgeKey, cardOf } from './card-bridge-key';

export const visitMobile = '0912345678';

/** Somebody whose household the registry knows, in group 1. */
export async function householder(world: AppWorld): Promise<Insured> {
  const person = await world.insured([1]);
  const { householdNumber, registeredAddress } = householdOf(person.cardNumber);
  await world.world.ledger.pool.query(
    'update simulated_registry.insured_person set household_number = $2, registered_address = $3 where card_number = $1',
    [person.cardNumber, householdNumber, registeredAddress],
  );
  return person;
}

/** Each visit comes from a place of its own: what is tried in one counts against no other. */
let visits = 0;

export class CardAccountVisit {
  readonly #address = `198.51.${String(Math.floor((visits += 1) / 250))}.${String(visits % 250)}`;
  #cookie = '';
  readonly #bridge = new BridgeKey();

  /** `origin`: the app's public one. */
  constructor(
    private readonly world: AppWorld,
    readonly person: Insured,
    private readonly origin: string,
  ) {}

  get household() {
    return householdOf(this.person.cardNumber);
  }

  async personKey(): Promise<string> {
    return (await findPersonKey(this.world.world.ledger, this.person.personNumber)) ?? '';
  }

  async ask(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ): Promise<LightMyRequestResponse> {
    const answer = await this.world.app.inject({
      ...{ method, url, headers: { ...headers, ...(this.#cookie && { cookie: this.#cookie }) } },
      ...(payload && { payload }),
      remoteAddress: this.#address,
    });
    for (const { name, value } of answer.cookies) this.#cookie = `${name}=${encodeURIComponent(value)}`;
    return answer;
  }

  /** The card is put into the reader of this visit. */
  async readCard(card = this.person, purpose = 'card-account'): Promise<LightMyRequestResponse> {
    const enrolled = await this.ask('POST', '/v1/card-bridges', this.#bridge.enrolment(this.origin));
    const { bridgeId } = enrolled.json<{ bridgeId: string }>();
    const challenge = await this.ask('POST', '/v1/card-challenges', { bridgeId, purpose });
    const cardProof = this.#bridge.proof(challenge.json(), cardOf(card), this.origin);
    return this.ask('POST', '/v1/card-account/card', { cardProof });
  }

  apply(changed: object = {}, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    const wish = { ...this.household, mobile: visitMobile, email: testEmail, password: testPassword };
    return this.ask('POST', '/v1/card-account', { ...wish, ...changed }, headers);
  }

  /** The newest link that waits to be mailed. */
  async link(): Promise<string> {
    return mailedToken(this.world.world, await this.personKey());
  }

  confirm(token: string): Promise<LightMyRequestResponse> {
    return this.ask('POST', '/v1/card-account/confirmations', { token });
  }

  /** Card read, applied for and confirmed; mails of before no longer keep later ones back. */
  async register(): Promise<this> {
    await this.readCard();
    await this.apply();
    const confirmed = await this.confirm(await this.link());
    if (confirmed.statusCode !== 200) throw new Error(confirmed.body);
    await this.anHourPasses();
    return this;
  }

  async anHourPasses(): Promise<void> {
    await this.world.world.ledger.pool.query(
      `update mail_message set created_at = created_at - interval '1 hour'`,
    );
  }
}
