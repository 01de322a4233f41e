/** An app as it is run, its door behind a registry that betrays by its time whom it knows, and people on both sides. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';

import { buildApp } from '../../api/app';
import { forEachWayIn, type LimitSettings } from '../../api/plugins/limits';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import type { InsuranceRegistry } from '../../gateways/insurance-registry/port';
import { identifyPerson } from '../../ledger/person';
import type { Ledger } from '../../ledger/database';
import { demonstrationPeople } from '../demo-data/known-people';

/** Nobody may be stopped while we measure. */
const unlimited: LimitSettings = {
  pair: { points: 1_000_000, seconds: 900 },
  pairUnderAttack: 1_000_000,
  address: { points: 1_000_000, seconds: 900 },
  browser: { points: 1_000_000, seconds: 900 },
  person: { points: 1_000_000, seconds: 900 },
};

export interface Somebody {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly birthDate: string;
}

export interface AppWithPeople {
  readonly url: string;
  readonly inOpenGroup: readonly Somebody[];
  readonly inNoGroup: Somebody;
  /** Whose duplicate number was cleared. */
  readonly cleared: Somebody;
  solvedCaptcha(): Promise<string>;
  close(): Promise<void>;
}

/** `floorMs` left out: answers take as long as in production. `leakMs`: how much longer the registry takes over whom it knows. */
export async function openApp(
  ledger: Ledger,
  registry: InsuranceRegistry,
  { floorMs, leakMs }: { readonly floorMs?: number; readonly leakMs: number },
): Promise<AppWithPeople> {
  const everybody = demonstrationPeople.map(({ personNumber, cardNumber, onDay }) => {
    const { birthDate, priorityGroups, duplicateCleared = false } = onDay(today());
    return { personNumber, cardNumber, birthDate, priorityGroups, duplicateCleared };
  });
  const numbers = new Set<string>(everybody.map(({ personNumber }) => personNumber));
  const app = await buildApp({
    ledger,
    registry: betraying(registry, numbers, leakMs),
    sessionKey: randomBytes(32),
    captchaKey: randomBytes(32),
    publicOrigin: '',
    logLevel: 'error',
    limits: {
      ...forEachWayIn(unlimited),
      quickLookup: unlimited,
      cardAccount: unlimited,
      mobileAuthentication: unlimited,
      family: unlimited,
    },
    ...(floorMs !== undefined && { signInFloorMs: floorMs }),
  });
  for (const each of everybody) await takeOver(ledger, registry, each);
  const cleared = everybody.find(({ duplicateCleared }) => duplicateCleared);
  const inNoGroup = everybody.find(({ priorityGroups }) => priorityGroups.length === 0);
  if (!cleared || !inNoGroup) throw new Error('the demonstration set has people for this');
  return {
    url: await app.listen({ port: 0, host: '127.0.0.1' }),
    inOpenGroup: everybody
      .filter(({ priorityGroups, duplicateCleared }) => priorityGroups.length > 0 && !duplicateCleared)
      .slice(0, 10),
    inNoGroup,
    cleared,
    async solvedCaptcha() {
      const challenge = await app.captcha.challenge();
      const solution = await solveChallenge({ challenge, deriveKey });
      return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
    },
    close: () => app.close(),
  };
}

const today = (): string => new Date().toISOString().slice(0, 10);

function betraying(
  registry: InsuranceRegistry,
  known: ReadonlySet<string>,
  leakMs: number,
): InsuranceRegistry {
  return {
    ...registry,
    async verifyCard(verification) {
      const answer = await registry.verifyCard(verification);
      if (known.has(verification.personNumber)) await pause(leakMs);
      return answer;
    },
  };
}

/** The ledger knows them as well, as it does everybody who ever signed in. */
async function takeOver(
  ledger: Ledger,
  registry: InsuranceRegistry,
  { personNumber, cardNumber }: Somebody,
): Promise<void> {
  const number = parsePersonNumber(personNumber);
  const card = parseCardNumber(cardNumber);
  if ('refusal' in number || 'refusal' in card) throw new Error('a demonstration number is none');
  const question = { personNumber: number.number, cardNumber: card.cardNumber };
  const answer = await registry.verifyCard(question);
  if (answer.outcome === 'match') await identifyPerson(ledger, answer.person);
}
