/** An app as it is run, its door behind a registry that betrays by its time whom it knows, and people on both sides. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';

import { buildApp } from '../../api/app';
import { forEachWayIn, type Limits, type LimitSettings } from '../../api/plugins/limits';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import type { InsuranceRegistry } from '../../gateways/insurance-registry/port';
import { produceAppOtp } from '../../ledger/app-otp';
import { bindDevice } from '../../ledger/bound-device';
import { setAccountPassword } from '../../ledger/card-account';
import { findPersonKey, identifyPerson } from '../../ledger/person';
import { recordSignIn } from '../../ledger/sign-in';
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
  /** A new code of the app on that person's bound device. */
  producedOtp(personNumber: string): Promise<string>;
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
  betrayByTries(app.limits, numbers, leakMs);
  for (const each of everybody) await takeOver(ledger, registry, each);
  const cleared = everybody.find(({ duplicateCleared }) => duplicateCleared);
  const inNoGroup = everybody.find(({ priorityGroups }) => priorityGroups.length === 0);
  if (!cleared || !inNoGroup) throw new Error('the demonstration set has people for this');
  const inOpenGroup = everybody
    .filter(({ priorityGroups, duplicateCleared }) => priorityGroups.length > 0 && !duplicateCleared)
    .slice(0, 10);
  const phones = new Map<string, Phone>();
  for (const { personNumber } of inOpenGroup) phones.set(personNumber, await equip(ledger, personNumber));
  return {
    url: await app.listen({ port: 0, host: '127.0.0.1' }),
    inOpenGroup,
    inNoGroup,
    cleared,
    async solvedCaptcha() {
      const challenge = await app.captcha.challenge();
      const solution = await solveChallenge({ challenge, deriveKey });
      return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
    },
    async producedOtp(personNumber) {
      const phone = phones.get(personNumber);
      if (!phone) throw new Error('nobody equipped that person');
      const made = await produceAppOtp(ledger, { ...phone, appOtpId: randomUUID() });
      if (!made.ok) throw new Error(made.refusal.code);
      return made.value.otp;
    },
    close: () => app.close(),
  };
}

interface Phone {
  readonly personKey: string;
  /** In which the device produces codes. */
  readonly sessionId: string;
}

/** A registered password, and a bound device that is signed in. */
async function equip(ledger: Ledger, personNumber: string): Promise<Phone> {
  const number = parsePersonNumber(personNumber);
  const personKey = 'refusal' in number ? undefined : await findPersonKey(ledger, number.number);
  if (personKey === undefined) throw new Error('that person was not taken over');
  const context = { personKey, actor: 'staff', channel: 'measurement' } as const;
  await setAccountPassword(ledger, context, { password: 'k7mzQ2!x', by: 'counter' });
  const bound = await bindDevice(ledger, {
    ...{ personKey, name: 'phone', boundBy: 'counter', channel: 'measurement' },
    credential: {
      ...{ kind: 'passkey', credentialId: randomBytes(32), publicKey: randomBytes(64) },
      ...{ signCount: 0, transports: [] },
    },
  });
  if (!bound.ok) throw new Error(bound.refusal.code);
  const sessionId = randomUUID();
  const { boundDeviceId } = bound.value;
  await recordSignIn(ledger.db, {
    ...{ method: 'passkey', browser: null, operatingSystem: null },
    ...{ boundDeviceId, personKey, sessionId },
  });
  return { personKey, sessionId };
}

/** Ways that ask no registry betray whom they know while the try is counted, which is within the equal time as well. */
function betrayByTries(limits: Limits, known: ReadonlySet<string>, leakMs: number): void {
  const askNoRegistry: ReadonlySet<string> = new Set(['app-otp', 'card-password']);
  const begin = limits.begin.bind(limits);
  Object.assign(limits, {
    begin: async (...asked: Parameters<Limits['begin']>) => {
      const [what, , personNumber] = asked;
      if (askNoRegistry.has(what) && known.has(personNumber)) await pause(leakMs);
      return begin(...asked);
    },
  });
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
