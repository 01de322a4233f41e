/** Card bridges over HTTP: enrolling, challenging, revoking; and every reason for which a proof is not taken. */
import type { FastifyRequest } from 'fastify';

import type { CardProof, CardStatement } from '../domain/card-proof/card-proof';
import { enrolOperator } from '../ledger/operator';
import { enrolStation } from '../ledger/station';
import { AppWorld, cookieOf } from '../test/support/app';
import { BridgeKey, cardOf, type AnsweredChallenge } from '../test/support/card-bridge-key';
import type { ProofAsked } from './plugins/card-proofs';

const origin = 'https://vaccine.example';
const card = cardOf({ personNumber: 'A123456789', cardNumber: '000000000018', name: '甄健康' });

let world: AppWorld;
let stationKey: string;
let deskKey: string;
let operatorKey: string;
beforeAll(async () => {
  world = await AppWorld.create({ publicOrigin: origin });
  const { db } = world.world.ledger;
  const place = { nameZh: '健康藥局', nameEn: 'Health Pharmacy', districtCode: '63000030' };
  stationKey = (await enrolStation(db, { stationId: 'pharmacy', kind: 'pharmacy', ...place })).key;
  const siteId = await world.world.site('MAIN');
  deskKey = (await enrolStation(db, { stationId: 'desk', siteId })).key;
  operatorKey = (await enrolOperator(world.world.ledger.db, 'ming')).key;
});
afterAll(() => world.close());

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

function enrol(key: BridgeKey, body: object = key.enrolment(origin), headers: Record<string, string> = {}) {
  return world.app.inject({ method: 'POST', url: '/v1/card-bridges', payload: body, headers });
}

async function enrolled(key: BridgeKey, headers: Record<string, string> = {}): Promise<string> {
  const answer = await enrol(key, key.enrolment(origin), headers);
  expect(answer.statusCode).toBe(200);
  return answer.json<{ bridgeId: string }>().bridgeId;
}

/** A challenge, and the visit that it is bound to. */
async function challenged(
  bridgeId: string,
  { purpose = 'sign-in', headers = {} }: { purpose?: string; headers?: Record<string, string> } = {},
): Promise<{ challenge: AnsweredChallenge; session: string }> {
  const answer = await world.app.inject({
    method: 'POST',
    url: '/v1/card-challenges',
    payload: { bridgeId, purpose },
    headers,
  });
  expect(answer.statusCode).toBe(201);
  const cookie = cookieOf(answer).replace(/^[^=]+=/, '');
  const visit = cookie === '' ? undefined : world.app.decodeSecureSession(decodeURIComponent(cookie));
  return { challenge: answer.json(), session: visit?.get('visitId') ?? 'station:pharmacy' };
}

const age = (challengeId: string, seconds: number) =>
  world.world.ledger.pool.query(
    `update card_challenge set issued_at = issued_at - $2 * interval '1 second',
       expires_at = expires_at - $2 * interval '1 second' where challenge_id = $1`,
    [challengeId, seconds],
  );

describe('enrolment', () => {
  test('takes whoever shows that they have the key, and gives the same id each time', async () => {
    const key = new BridgeKey();
    const first = await enrolled(key);
    expect(await enrolled(key)).toBe(first);
    expect(await enrolled(new BridgeKey())).not.toBe(first);
  });

  test.each([
    [
      'somebody else’s signature',
      (key: BridgeKey) => ({ publicKey: key.publicKey }),
      'cardBridgeKeyUnproved',
    ],
    ['another site’s page', () => ({ origin: 'https://evil.example' }), 'cardProofFromOtherOrigin'],
    [
      'a wish of six minutes ago',
      () => ({ askedAt: new Date(Date.now() - 360_000).toISOString() }),
      'cardBridgeKeyUnproved',
    ],
  ] as const)('refuses %s', async (_why, change, code) => {
    const key = new BridgeKey();
    const body = key.enrolment(origin, change(new BridgeKey()));
    expect((await enrol(key, body)).json()).toMatchObject({ code });
  });

  test.each([
    ['no point', Buffer.alloc(32, 0xfe)],
    ['a point of small order', Buffer.alloc(32)],
    ['the same with the other sign', Buffer.concat([Buffer.alloc(31), Buffer.of(0x80)])],
    ['the neutral point', Buffer.concat([Buffer.of(1), Buffer.alloc(31)])],
  ])('refuses a key that is %s, whatever zeros sign under it', async (_, key) => {
    for (let second = 0; second < 8; second += 1) {
      const askedAt = new Date(Date.now() - second * 1_000).toISOString();
      const wish = new BridgeKey().enrolment(origin, { publicKey: key.toString('base64url'), askedAt });
      const answer = await enrol(new BridgeKey(), { ...wish, signature: 'A'.repeat(86) });
      expect(answer.json()).toMatchObject({ code: 'cardBridgeKeyUnproved' });
    }
  });

  test('with a station’s key makes it the station’s; a wrong one is refused', async () => {
    const key = new BridgeKey();
    expect((await enrol(key, key.enrolment(origin), bearer('wrong'))).json()).toMatchObject({
      code: 'stationUnknown',
    });
    // The desk of a site reads nobody's card.
    expect((await enrol(key, key.enrolment(origin), bearer(deskKey))).json()).toMatchObject({
      code: 'stationMayNot',
    });
    await enrolled(key);
    expect((await enrol(key, key.enrolment(origin), bearer(stationKey))).json()).toMatchObject({
      stationId: 'pharmacy',
    });
    expect((await enrol(key)).json()).toMatchObject({ stationId: 'pharmacy' });
  });

  test('of ever new keys from one address comes to a limit, which no known bridge meets', async () => {
    const key = new BridgeKey();
    await enrolled(key);
    const codes: unknown[] = [];
    for (let tries = 0; tries < 31; tries += 1) {
      const another = new BridgeKey();
      const answer = await world.app.inject({
        method: 'POST',
        url: '/v1/card-bridges',
        payload: another.enrolment(origin),
        remoteAddress: '203.0.113.9',
      });
      codes.push(answer.statusCode);
    }
    expect(codes.filter((code) => code === 200)).toHaveLength(30);
    expect(codes.at(-1)).toBe(429);
    const known = await world.app.inject({
      method: 'POST',
      url: '/v1/card-bridges',
      payload: key.enrolment(origin),
      remoteAddress: '203.0.113.9',
    });
    expect(known.statusCode).toBe(200);
  });
});

interface Case {
  readonly why: string;
  readonly code: string;
  readonly statement?: Partial<CardStatement>;
  readonly use?: Partial<ProofAsked>;
  readonly tamper?: (proof: CardProof) => CardProof;
  readonly before?: (challenge: AnsweredChallenge, bridgeId: string) => Promise<unknown>;
}

const cases: readonly Case[] = [
  {
    why: 'whose card was changed on the way',
    code: 'cardProofInvalid',
    tamper: ({ statement, signature }) => ({
      statement: { ...statement, card: { ...statement.card, cardNumber: '000000000019' } },
      signature,
    }),
  },
  {
    why: 'signed by another key',
    code: 'cardProofInvalid',
    tamper: ({ statement }) => new BridgeKey().proof(statement, statement.card, origin, statement),
  },
  { why: 'naming another key', code: 'cardProofInvalid', statement: { keyId: 'A'.repeat(43) } },
  {
    why: 'of a card whose number is none',
    code: 'cardProofInvalid',
    statement: { card: { ...card, personNumber: 'A123456780' } },
  },
  {
    why: 'of a day that no calendar has',
    code: 'cardProofInvalid',
    statement: { card: { ...card, birthDate: '1969-02-30' } },
  },
  {
    why: 'for a challenge that never was',
    code: 'cardChallengeUnknown',
    statement: { challengeId: crypto.randomUUID() },
  },
  { why: 'with another nonce', code: 'cardChallengeUnknown', statement: { nonce: 'A'.repeat(43) } },
  { why: 'from another visit', code: 'cardChallengeOfOtherSession', use: { session: crypto.randomUUID() } },
  { why: 'of another page', code: 'cardProofFromOtherOrigin', statement: { origin: 'https://evil.example' } },
  { why: 'for another purpose', code: 'cardProofForOtherPurpose', use: { purpose: 'card-account' } },
  {
    why: 'that comes after two minutes',
    code: 'cardChallengeExpired',
    before: (challenge) => age(challenge.challengeId, 121),
  },
  {
    why: 'of a clock two minutes ahead',
    code: 'cardBridgeClockWrong',
    statement: { readAt: new Date(Date.now() + 600_000).toISOString() },
  },
  {
    why: 'of a reading before the challenge',
    code: 'cardReadBeforeAsked',
    statement: { readAt: new Date(Date.now() - 600_000).toISOString() },
  },
  {
    why: 'of a bridge that an operator revoked',
    code: 'cardBridgeRevoked',
    before: (_, bridgeId) =>
      world.app.inject({
        method: 'DELETE',
        url: `/v1/staff/card-bridges/${bridgeId}`,
        headers: bearer(operatorKey),
      }),
  },
  { why: 'of a bridge that is not the station’s', code: 'cardBridgeUnknown', use: { stationId: 'pharmacy' } },
];

describe('a proof', () => {
  async function made(one: Partial<Case>) {
    const key = new BridgeKey();
    const bridgeId = await enrolled(key);
    const { challenge, session } = await challenged(bridgeId);
    await one.before?.(challenge, bridgeId);
    const honest = key.proof(challenge, card, origin, one.statement);
    const proof = one.tamper?.(honest) ?? honest;
    return { proof, use: { purpose: 'sign-in' as const, session, origin, ...one.use }, bridgeId };
  }

  test('is taken once, and says what the card said and which bridge read it', async () => {
    const { proof, use, bridgeId } = await made({});
    expect(await world.app.cardProofs.accept(proof, use)).toEqual({
      ok: true,
      value: {
        personNumber: card.personNumber,
        cardNumber: card.cardNumber,
        birthDate: card.birthDate,
        name: card.name,
        bridgeId,
      },
    });
    expect(await world.app.cardProofs.accept(proof, use)).toMatchObject({
      refusal: { code: 'cardChallengeSpent' },
    });
  });

  test('handed in many times at once is taken once', async () => {
    const { proof, use } = await made({});
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => world.app.cardProofs.accept(proof, use)),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test.each(cases)('$why is refused: $code', async (one) => {
    const { proof, use } = await made(one);
    expect(await world.app.cardProofs.accept(proof, use)).toMatchObject({
      ok: false,
      refusal: { code: one.code },
    });
  });

  test('that was refused may still be handed in rightly', async () => {
    const { proof, use } = await made({});
    await world.app.cardProofs.accept(proof, { ...use, purpose: 'device-code' });
    expect((await world.app.cardProofs.accept(proof, use)).ok).toBe(true);
  });

  test('of a station’s bridge says which station', async () => {
    const key = new BridgeKey();
    const bridgeId = await enrolled(key, bearer(stationKey));
    const { challenge } = await challenged(bridgeId, { purpose: 'station', headers: bearer(stationKey) });
    const outcome = await world.app.cardProofs.accept(key.proof(challenge, card, origin), {
      ...{ purpose: 'station', session: 'station:pharmacy', origin, stationId: 'pharmacy' },
    });
    expect(outcome).toMatchObject({ ok: true, value: { stationId: 'pharmacy' } });
  });
});

describe('challenges and revocation over HTTP', () => {
  const challenge = (payload: object, headers: Record<string, string> = {}) =>
    world.app.inject({ method: 'POST', url: '/v1/card-challenges', payload, headers });

  test('an unknown bridge gets none, a station’s purpose needs the station, another site’s page gets none', async () => {
    const unknown = await challenge({ bridgeId: crypto.randomUUID(), purpose: 'sign-in' });
    expect(unknown.json()).toMatchObject({ code: 'cardBridgeUnknown' });
    const bridgeId = await enrolled(new BridgeKey());
    expect((await challenge({ bridgeId, purpose: 'station' })).json()).toMatchObject({
      code: 'stationUnknown',
    });
    const foreign = await challenge({ bridgeId, purpose: 'sign-in' }, { origin: 'https://evil.example' });
    expect(foreign.json()).toMatchObject({ code: 'originRefused' });
  });

  test('one visit keeps its name, a signed-in person’s challenge is bound to the session', async () => {
    const bridgeId = await enrolled(new BridgeKey());
    const first = await challenge({ bridgeId, purpose: 'sign-in' });
    const again = await challenge({ bridgeId, purpose: 'sign-in' }, { cookie: cookieOf(first) });
    await world.world.round({ opensAt: '2031-06-30T00:00:00.000Z' });
    const citizen = await world.signIn(await world.insured());
    const own = await citizen.act('POST', '/v1/card-challenges', { bridgeId, purpose: 'device-code' });
    const ids = [first, again, own].map((answer) => answer.json<{ challengeId: string }>().challengeId);
    const { rows } = await world.world.ledger.pool.query<{ session: string }>(
      'select session from card_challenge where challenge_id = any($1) order by issued_at',
      [ids],
    );
    expect(rows[0]?.session).toBe(rows[1]?.session);
    const cookie = decodeURIComponent(citizen.cookie.replace(/^[^=]+=/, ''));
    expect(rows[2]?.session).toBe(world.app.decodeSecureSession(cookie)?.get('sessionId'));
  });

  test('a station ends its own bridge and no other; an operator lists and ends any, on record', async () => {
    const [own, other] = [new BridgeKey(), new BridgeKey()];
    const ownId = await enrolled(own, bearer(stationKey));
    const otherId = await enrolled(other);
    const end = (url: string, key: string) =>
      world.app.inject({ method: 'DELETE', url, headers: bearer(key) });
    expect((await end(`/v1/card-bridges/${otherId}`, stationKey)).json()).toMatchObject({
      code: 'cardBridgeUnknown',
    });
    expect((await end(`/v1/card-bridges/${ownId}`, stationKey)).statusCode).toBe(204);
    expect((await enrol(own, own.enrolment(origin), bearer(stationKey))).json()).toMatchObject({
      code: 'cardBridgeRevoked',
    });
    expect((await end(`/v1/staff/card-bridges/${otherId}`, operatorKey)).statusCode).toBe(204);
    expect((await end(`/v1/staff/card-bridges/${otherId}`, operatorKey)).json()).toMatchObject({
      code: 'cardBridgeUnknown',
    });
    const listed = await world.app.inject({
      url: '/v1/staff/card-bridges?stationId=pharmacy',
      headers: bearer(operatorKey),
    });
    expect(listed.json()).toMatchObject({
      cardBridges: expect.arrayContaining([
        expect.objectContaining({ bridgeId: ownId, revokedAt: expect.any(String) }),
      ]) as unknown,
    });
    const acts = await world.app.inject({ url: '/v1/staff/acts?limit=5', headers: bearer(operatorKey) });
    expect(acts.body).toContain('revokeCardBridge');
    expect((await challenge({ bridgeId: otherId, purpose: 'sign-in' })).json()).toMatchObject({
      code: 'cardBridgeUnknown',
    });
  });
});

test('the app knows under which origin it was asked', () => {
  expect(world.app.ownOrigin({} as FastifyRequest)).toBe(origin);
});
