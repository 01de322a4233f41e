/** In by a Citizen Digital Certificate, over HTTP: the card is of software, the authority one of the test. */
import 'reflect-metadata';
import { KeyUsageFlags } from '@peculiar/x509';

import { signWithCertificate } from '../../card-bridge/certificate/certificate-signing';
import { createHttpCrl } from '../../gateways/certificate-revocation/http-crl';
import { CertificateAuthority, type CitizenWish } from '../../test/builders/certificate-authority';
import { AppWorld, cookieOf, type Insured } from '../../test/support/app';
import { BridgeKey, type AnsweredChallenge } from '../../test/support/card-bridge-key';

const origin = 'https://vaccine.example';
const pin = '246810';
const dayMs = 86_400_000;

let world: AppWorld;
let authority: CertificateAuthority;
let bridgeId: string;
let owner: Insured;

beforeAll(async () => {
  authority = await CertificateAuthority.found();
  world = await AppWorld.create({
    publicOrigin: origin,
    // A list is kept for an hour; here it changes from test to test.
    certificateAuthorities: {
      trust: authority.trust,
      revocation: { isRevoked: (...asked) => createHttpCrl().isRevoked(...asked) },
    },
  });
  await world.world.round();
  owner = await world.insured();
  const enrolled = await world.app.inject({
    ...{ method: 'POST', url: '/v1/card-bridges', payload: new BridgeKey().enrolment(origin) },
  });
  bridgeId = enrolled.json<{ bridgeId: string }>().bridgeId;
});
afterAll(async () => {
  await world.close();
  await authority.close();
});

const lastFourOf = ({ personNumber }: Insured): string => personNumber.slice(-4);

interface Tried {
  readonly certificate?: CitizenWish;
  readonly personNumber?: string;
  readonly purpose?: string;
  readonly of?: CertificateAuthority;
  /** Changed after the card has signed. */
  readonly changed?: object;
  readonly withoutVisit?: boolean;
  readonly revoked?: boolean;
}

async function trySignIn(tried: Tried = {}) {
  const { personNumber = owner.personNumber, purpose = 'sign-in', of = authority } = tried;
  const asked = await world.app.inject({
    ...{ method: 'POST', url: '/v1/card-challenges', payload: { bridgeId, purpose } },
  });
  const { challengeId, nonce } = asked.json<AnsweredChallenge>();
  const { card, certificate } = await of.card({ idLastFour: lastFourOf(owner), ...tried.certificate });
  if (tried.revoked) await of.revoke(certificate);
  const wish = { bridgeId, origin, challengeId, nonce, purpose: 'sign-in' as const };
  const signed = await signWithCertificate(card, pin, wish);
  if (!signed.ok) throw new Error(signed.problem);
  const proof = { ...signed.value, statement: { ...signed.value.statement, ...tried.changed } };
  const payload = { method: 'certificate', personNumber, certificateProof: proof };
  const headers = tried.withoutVisit ? {} : { cookie: cookieOf(asked) };
  const send = () => world.app.inject({ method: 'POST', url: '/v1/sessions', payload, headers });
  return { answer: await send(), again: send };
}

test('its owner’s number lets in, once, and it is written down', async () => {
  const { answer, again } = await trySignIn({ personNumber: ` ${owner.personNumber.toLowerCase()}` });
  expect(answer.statusCode).toBe(201);
  expect((await again()).json()).toMatchObject({ code: 'cardChallengeSpent' });
  const { rows } = await world.world.ledger.pool.query('select method from sign_in order by at desc limit 1');
  expect(rows).toEqual([{ method: 'certificate' }]);
  // What may be done after it: the seeds let it make a device code.
  const code = await world.app.inject({
    ...{ method: 'POST', url: '/v1/device-codes', headers: { cookie: cookieOf(answer), origin } },
  });
  expect(code.statusCode).toBe(201);
});

const refusals: readonly (readonly [string, Tried, number, string])[] = [
  [
    'that has run out',
    { certificate: { notAfter: new Date(Date.now() - dayMs) } },
    403,
    'certificateExpired',
  ],
  [
    'for encryption',
    { certificate: { usages: KeyUsageFlags.keyEncipherment } },
    403,
    'certificateNotForSigning',
  ],
  ['of no person', { certificate: { idLastFour: null } }, 422, 'certificateInvalid'],
  ['that signed itself', { certificate: { selfSigned: true } }, 403, 'certificateUntrusted'],
  ['that was revoked', { revoked: true }, 403, 'certificateRevoked'],
  ['whose list cannot be had', { certificate: { withoutList: true } }, 503, 'certificateCheckUnavailable'],
  ['with another end of the ID', { certificate: { idLastFour: '0000' } }, 403, 'certificateOfOtherPerson'],
  ['whose card signed something else', { changed: { reader: 'x' } }, 422, 'certificateSignatureInvalid'],
  ['that signed for another nonce', { changed: { nonce: 'n'.repeat(43) } }, 422, 'cardChallengeUnknown'],
  ['of another visit', { withoutVisit: true }, 403, 'cardChallengeOfOtherSession'],
  ['asked for something else', { purpose: 'device-code' }, 422, 'cardProofForOtherPurpose'],
];
test.each(refusals)('a certificate %s is refused', async (_what, tried, status, code) => {
  const { answer } = await trySignIn(tried);
  expect([answer.json<{ code: string }>().code, answer.statusCode]).toEqual([code, status]);
  await authority.revoke();
});

test('an authority that we do not know lets nobody in', async () => {
  const others = await CertificateAuthority.found();
  const { answer } = await trySignIn({ of: others });
  await others.close();
  expect(answer.json()).toMatchObject({ code: 'certificateUntrusted' });
});

test('another name, and a number that nobody has, read one and the same answer', async () => {
  const namesake = await trySignIn({ certificate: { name: '甄建康' } });
  // The same end, and a number that was never given out.
  const nobody = `B1${owner.personNumber.slice(2)}`;
  const candidates = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    .split('')
    .flatMap((letter) => ['1', '2'].map((sex) => `${letter}${sex}${owner.personNumber.slice(2)}`));
  const answers = [];
  for (const personNumber of [nobody, ...candidates].filter((one) => one !== owner.personNumber)) {
    const { answer } = await trySignIn({ personNumber });
    if (answer.json<{ code: string }>().code === 'personNumberInvalid') continue;
    answers.push(answer.body);
    break;
  }
  expect(namesake.answer.statusCode).toBe(403);
  expect(answers).toEqual([namesake.answer.body]);
  expect(namesake.answer.json()).toMatchObject({ code: 'identityNotConfirmed' });
});

test.each([
  ['no proof', { certificateProof: undefined }],
  ['a proof that is none', { certificateProof: { statement: {}, certificate: '!', signature: '' } }],
])('%s is a request that cannot be', async (_, changed) => {
  const answer = await world.app.inject({
    ...{ method: 'POST', url: '/v1/sessions' },
    payload: { method: 'certificate', personNumber: owner.personNumber, ...changed },
  });
  expect(answer.json()).toMatchObject({ code: 'requestInvalid' });
});

test('where operations named no authority every certificate is unknown', async () => {
  const bare = await AppWorld.create({ publicOrigin: origin });
  try {
    expect(bare.app.certificateProofs.isOffered).toBe(false);
  } finally {
    await bare.close();
  }
});
