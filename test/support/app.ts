/** The app as tests run it: on a ledger of its own, with the simulated insurance registry and quick answers. */
import { randomBytes } from 'node:crypto';
import { solveChallenge, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';

import { buildApp, type AppParts } from '../../api/app';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { createHttpCarriers } from '../../gateways/carriers/http-carriers';
import { startCarriersSimulator, type CarriersSimulator } from '../../gateways/carriers/simulator';
import { createHttpRegistry } from '../../gateways/insurance-registry/http-registry';
import { startRegistrySimulator, type RegistrySimulator } from '../../gateways/insurance-registry/simulator';
import { syntheticCardNumber, syntheticNationalId } from '../../scripts/demo-data/synthetic-numbers';
import { LedgerWorld } from '../builders/ledger-world';

/** Someone whom the insurance registry knows. */
export interface Insured {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly name: string;
}

export class AppWorld {
  static async create(changed: Partial<AppParts> = {}): Promise<AppWorld> {
    const world = await LedgerWorld.create();
    const registry = await startRegistrySimulator({ databaseUrl: world.databaseUrl, answerAfterMs: 1 });
    const carriers = await startCarriersSimulator({ databaseUrl: world.databaseUrl });
    const app = await buildApp({
      ledger: world.ledger,
      registry: createHttpRegistry({ url: registry.url, timeoutMs: 10_000 }),
      carriers: createHttpCarriers({ url: carriers.url, timeoutMs: 400 }),
      sessionKey: randomBytes(32),
      captchaKey: randomBytes(32),
      publicOrigin: '',
      logLevel: 'silent',
      signInFloorMs: 20,
      captchaTries: [1, 3],
      ...changed,
    });
    await app.ready();
    return new AppWorld(app, world, registry, carriers);
  }

  #serial = 0;

  private constructor(
    readonly app: FastifyInstance,
    readonly world: LedgerWorld,
    readonly registry: RegistrySimulator,
    readonly carriers: CarriersSimulator,
  ) {}

  async close(): Promise<void> {
    await this.app.close();
    await this.registry.close();
    await this.carriers.close();
    await this.world.close();
  }

  /** Adds a person to the simulated registry; in priority group 9 unless it says otherwise. */
  async insured(groups: readonly number[] = [9], birthDate = '1970-01-01'): Promise<Insured> {
    this.#serial += 1;
    const personNumber = syntheticNationalId('K', 'female', this.#serial);
    const cardNumber = syntheticCardNumber(this.#serial);
    const name = '甄健康';
    const parsed = parsePersonNumber(personNumber);
    if ('refusal' in parsed) throw new Error('a builder made no person number');
    const { pool } = this.world.ledger;
    const { rows } = await pool.query<{ registry_person_id: string }>(
      `insert into simulated_registry.insured_person (name, birth_date, card_number, priority_groups)
        values ($1, $2, $3, $4) returning registry_person_id`,
      [name, birthDate, cardNumber, groups],
    );
    await pool.query(
      'insert into simulated_registry.insured_number (number, registry_person_id, kind) values ($1, $2, $3)',
      [personNumber, rows[0]?.registry_person_id, parsed.kind],
    );
    return { personNumber, cardNumber, name };
  }

  /** Enters the one as a parent of the other into the simulated registry. */
  async parentOf(parent: Insured, child: Insured): Promise<void> {
    await this.world.ledger.pool.query(
      `insert into simulated_registry.parent_of
        select p.registry_person_id, c.registry_person_id
        from simulated_registry.insured_person p, simulated_registry.insured_person c
        where p.card_number = $1 and c.card_number = $2`,
      [parent.cardNumber, child.cardNumber],
    );
  }

  /** A solved challenge, as ALTCHA's widget hands it in. */
  async captcha(): Promise<string> {
    return solved(await this.app.captcha.challenge());
  }

  /** Tries to sign in; a number or card of one's own makes it a wrong one. */
  async trySignIn(
    { personNumber, cardNumber }: { readonly personNumber: string; readonly cardNumber: string },
    options: InjectOptions = {},
  ): Promise<LightMyRequestResponse> {
    return this.app.inject({
      method: 'POST',
      url: '/v1/sessions',
      payload: { method: 'card-number', personNumber, cardNumber, captcha: await this.captcha() },
      ...options,
    });
  }

  /** Signs in and acts with the cookie from then on. */
  async signIn(person: Insured): Promise<Citizen> {
    const answer = await this.trySignIn(person);
    if (answer.statusCode !== 201) throw new Error(`not signed in: ${answer.body}`);
    return new Citizen(this.app, cookieOf(answer));
  }
}

/** Solves a challenge as a program does. */
export async function solved(challenge: Challenge): Promise<string> {
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}

/** The `Cookie` header that a browser would send after this answer. */
export function cookieOf(answer: LightMyRequestResponse): string {
  return answer.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ');
}

/** Somebody signed in. */
export class Citizen {
  constructor(
    private readonly app: FastifyInstance,
    readonly cookie: string,
  ) {}

  /** `payload` makes a JSON body; headers are added to the cookie. */
  act(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ): Promise<LightMyRequestResponse> {
    return this.app.inject({
      method,
      url,
      ...(payload ? { payload } : {}),
      headers: { cookie: this.cookie, ...headers },
    });
  }
}
