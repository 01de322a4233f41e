/** What people try who mean no good: other people's things, old sessions, spent challenges, guessing. */
import { randomUUID } from 'node:crypto';

import { syntheticCardNumber, syntheticNationalId } from '../demo-data/synthetic-numbers';
import { CitizenClient, type ApiAnswer, type Method } from '../demo/citizen-client';
import { doneUnasked, toldName } from './controls';
import type { Breach, Fault, Strike } from './fault';
import { strangers, type FaultWorld } from './world';

interface Problem {
  readonly code?: string;
  readonly zh?: object;
  readonly en?: object;
}

export const abuseFaults: readonly Fault[] = [
  { name: 'others-appointments', short: true, strike: reachForOthers, control: doneUnasked },
  { name: 'replayed-sessions', strike: comeBackSignedOut, control: doneUnasked },
  { name: 'enumeration', short: true, strike: guess, control: toldName },
];

/** Somebody else's appointment reads, moves and cancels as one that does not exist, in every word of the answer. */
async function reachForOthers(world: FaultWorld): Promise<Strike> {
  const abuser = await world.besideTheLoad('abuser');
  const victim = await world.besideTheLoad('victim');
  const [slotId = 0, otherSlotId = 0] = await world.slotsOfLastDay();
  await victim.book(slotId);
  const theirs = victim.held?.number ?? '';
  const nobodys = '2000000000';
  const tries: readonly (readonly [Method, string, object?])[] = [
    ['GET', ''],
    ['GET', '/calendar.ics'],
    ['PUT', '', { slotId: otherSlotId }],
    ['DELETE', ''],
  ];
  const breaches: Breach[] = [];
  for (const [method, rest, body] of tries) {
    const ask = (number: string) => abuser.http.call(method, `/v1/appointments/${number}${rest}`, body);
    const [other, none] = [await ask(theirs), await ask(nobodys)];
    if (other.status < 400 || different(other, none)) {
      breaches.push(own(`${method} of somebody else's appointment was answered ${told(other)}`));
    }
  }
  await victim.readBack();
  if (victim.held?.number !== theirs) breaches.push(own("somebody else's appointment was changed"));
  await victim.cancel();
  return { struck: theirs === '' ? 0 : tries.length, what: 'reaches for others', breaches };
}

/** A session that was ended, and a cookie that was tampered with, do nothing more, whatever they try. */
async function comeBackSignedOut(world: FaultWorld): Promise<Strike> {
  const [slotId = 0] = await world.slotsOfLastDay();
  const session = await world.stranger(strangers.signedOut);
  const cookie = session.http.cookieHeader;
  await session.http.call('DELETE', '/v1/sessions/current');
  const middle = Math.floor(cookie.length / 2);
  const tampered = cookie.slice(0, middle) + (cookie[middle] === 'A' ? 'B' : 'A') + cookie.slice(middle + 1);
  const breaches: Breach[] = [];
  const tries: readonly (readonly [string, string, object?])[] = [
    ['POST', '/v1/appointments', { slotId, mobile: session.person.mobile }],
    ['GET', '/v1/appointments'],
    ['DELETE', '/v1/registration'],
  ];
  for (const worn of [cookie, tampered]) {
    for (const [method, path, body] of tries) {
      const answer = await fetch(world.origin + path, {
        method,
        headers: { cookie: worn, 'idempotency-key': randomUUID(), 'content-type': 'application/json' },
        body: body ? JSON.stringify(body) : method === 'DELETE' ? '{}' : null,
      });
      await answer.body?.cancel();
      if (answer.status !== 401)
        breaches.push(own(`a session that is over was answered ${String(answer.status)}`));
    }
  }
  return { struck: 2 * tries.length, what: 'requests of sessions that are over', breaches };
}

/** Who is registered and which number has a booking cannot be told from the answers, and a challenge serves once. */
async function guess(world: FaultWorld): Promise<Strike> {
  const known = (await world.besideTheLoad('victim')).person;
  const unknown = syntheticNationalId('P', 'female', 999_999);
  const stranger = new CitizenClient(world.origin);
  const signIn = async (personNumber: string, captcha: string): Promise<ApiAnswer<Problem>> =>
    stranger.call('POST', '/v1/sessions', {
      ...{ method: 'card-number', personNumber, captcha, cardNumber: syntheticCardNumber(99_999) },
    });
  const lookUp = async (personNumber: string, mobileLastThree: string): Promise<ApiAnswer<Problem>> =>
    stranger.call('POST', '/v1/quick-lookups', {
      ...{ personNumber, mobileLastThree, captcha: await stranger.solveCaptcha() },
    });
  const breaches: Breach[] = [];
  const once = await stranger.solveCaptcha();
  const [wrongCard, noSuchPerson] = [
    await signIn(known.personNumber, once),
    await signIn(unknown, await stranger.solveCaptcha()),
  ];
  if (wrongCard.status < 400 || different(wrongCard, noSuchPerson)) {
    breaches.push(own(`signing in tells who is registered: ${told(wrongCard)} and ${told(noSuchPerson)}`));
  }
  const spent = await signIn(known.personNumber, once);
  if (spent.body.code !== 'captchaSpent') {
    breaches.push(own(`a spent challenge was answered ${told(spent)}`));
  }
  const lastThree = String((Number(known.mobile.slice(-3)) + 1) % 1_000).padStart(3, '0');
  const [wrongDigits, nobody] = [
    await lookUp(known.personNumber, lastThree),
    await lookUp(unknown, lastThree),
  ];
  if (wrongDigits.status < 400 || different(wrongDigits, nobody)) {
    breaches.push(own(`the quick lookup tells who is registered: ${told(wrongDigits)} and ${told(nobody)}`));
  }
  return { struck: 5, what: 'guesses', breaches };
}

function different(one: ApiAnswer, other: ApiAnswer): boolean {
  return one.status !== other.status || JSON.stringify(one.body) !== JSON.stringify(other.body);
}

function told({ status, body }: ApiAnswer): string {
  return `${String(status)} ${(body as Problem | undefined)?.code ?? ''}`;
}

function own(sentence: string): Breach {
  return { invariant: 'own', sentence };
}
