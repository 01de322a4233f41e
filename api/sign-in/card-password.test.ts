/** In by a card that was read and its registered password, over HTTP; the bridge is a key of the test. */
import { findPersonKey } from '../../ledger/person';
import { setAccountPassword } from '../../ledger/card-account';
import { syntheticCardNumber } from '../../scripts/demo-data/synthetic-numbers';
import { AppWorld, cookieOf, type Insured } from '../../test/support/app';
import { BridgeKey, cardOf, type AnsweredChallenge } from '../../test/support/card-bridge-key';

const origin = 'https://vaccine.example';
const password = 'k7mzQ2!x';
const bridge = new BridgeKey();

let world: AppWorld;
let bridgeId: string;
let owner: Insured;
let stranger: Insured;

beforeAll(async () => {
  world = await AppWorld.create({ publicOrigin: origin });
  await world.world.round();
  [owner, stranger] = [await world.insured(), await world.insured()];
  const enrolled = await world.app.inject({
    method: 'POST',
    url: '/v1/card-bridges',
    payload: bridge.enrolment(origin),
  });
  bridgeId = enrolled.json<{ bridgeId: string }>().bridgeId;
  for (const person of [owner, stranger]) await world.signIn(person);
  const personKey = (await findPersonKey(world.world.ledger, owner.personNumber)) ?? '';
  const context = world.world.acting(personKey);
  await setAccountPassword(world.world.ledger, context, { password, by: 'counter' });
});
afterAll(() => world.close());

/** A challenge as the page of a visit asks for it. */
async function challenged(): Promise<{ challenge: AnsweredChallenge; cookie: string }> {
  const answer = await world.app.inject({
    method: 'POST',
    url: '/v1/card-challenges',
    payload: { bridgeId, purpose: 'sign-in' },
  });
  return { challenge: answer.json(), cookie: cookieOf(answer) };
}

async function trySignIn({
  card = owner,
  personNumber = card.personNumber,
  typed = password,
}: {
  card?: Insured;
  personNumber?: string;
  typed?: string;
}) {
  const { challenge, cookie } = await challenged();
  const cardProof = bridge.proof(challenge, cardOf(card), origin);
  const payload = { method: 'card-password', personNumber, password: typed, cardProof };
  const send = () => world.app.inject({ method: 'POST', url: '/v1/sessions', payload, headers: { cookie } });
  return { answer: await send(), again: send };
}

test('the card and the password of its owner let in, once, and it is written down', async () => {
  const { answer, again } = await trySignIn({ personNumber: ` ${owner.personNumber.toLowerCase()}` });
  expect(answer.statusCode).toBe(201);
  expect((await again()).json()).toMatchObject({ code: 'cardChallengeSpent' });
  const { rows } = await world.world.ledger.pool.query('select method from sign_in order by at desc limit 1');
  expect(rows).toEqual([{ method: 'card-password' }]);
});

test('whatever does not belong together reads one and the same answer', async () => {
  const bodies = new Set<string>();
  for (const tried of [
    { typed: 'k7mzQ2!y' },
    { typed: 'x' },
    { card: stranger },
    { personNumber: stranger.personNumber },
    { card: { ...owner, cardNumber: syntheticCardNumber(88_888) } },
    { card: { ...stranger, personNumber: owner.personNumber } },
  ]) {
    const { answer } = await trySignIn(tried);
    expect(answer.statusCode).toBe(403);
    bodies.add(answer.body);
  }
  expect([...bodies]).toEqual([expect.stringContaining('identityNotConfirmed')]);
});

test('a proof of another visit, or for another purpose, lets nobody in', async () => {
  const { challenge } = await challenged();
  const cardProof = bridge.proof(challenge, cardOf(owner), origin);
  const payload = { method: 'card-password', personNumber: owner.personNumber, password, cardProof };
  const elsewhere = await world.app.inject({ method: 'POST', url: '/v1/sessions', payload });
  expect(elsewhere.json()).toMatchObject({ code: 'cardChallengeOfOtherSession' });
});

test.each([
  ['no proof', { cardProof: undefined }],
  ['a proof that is none', { cardProof: { statement: {}, signature: 'x' } }],
  ['no password', { password: '' }],
])('%s is a request that cannot be', async (_, changed) => {
  const { challenge, cookie } = await challenged();
  const cardProof = bridge.proof(challenge, cardOf(owner), origin);
  const answer = await world.app.inject({
    ...{ method: 'POST', url: '/v1/sessions', headers: { cookie } },
    payload: { method: 'card-password', personNumber: owner.personNumber, password, cardProof, ...changed },
  });
  expect(answer.json()).toMatchObject({ code: 'requestInvalid' });
});

test('guessing at a password ends after some tries, and the other ways stay open', async () => {
  let last;
  for (let tries = 0; tries < 8; tries += 1) last = (await trySignIn({ typed: 'wrong' })).answer;
  expect(last?.json()).toMatchObject({ code: 'tooManyAttempts' });
  expect((await world.trySignIn(owner, { headers: { origin } })).statusCode).toBe(201);
});
