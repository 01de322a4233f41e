/** Certificate cards through a real PKCS#11 module (SoftHSM2): found, asked to sign, wrong PINs, and what else goes wrong. */
import 'reflect-metadata';
import { KeyUsageFlags } from '@peculiar/x509';

import { isStatementSigned } from '../../api/certificate/certificate-signature';
import { CertificateAuthority, type CitizenWish } from '../../test/builders/certificate-authority';
import { SoftwareToken, type CardContent } from '../../test/support/software-token';
import { typescriptOptions } from '../../test/support/reader-daemon';
import { signWithCertificate, type SigningWish } from './certificate-signing';
import { isPin, tokenProblems } from './certificate-token';
import { tokenProblemWords } from './certificate-words';
import { problemAfterWrongPin, problemOfTokenCode } from './pkcs11-codes';

jest.setTimeout(60_000);

const pin = '246810';
const wish: SigningWish = {
  ...{ bridgeId: 'b1', origin: 'https://vaccine.example', challengeId: 'c1', nonce: 'n1' },
  purpose: 'sign-in',
};

let authority: CertificateAuthority;
let token: SoftwareToken;

beforeAll(async () => {
  authority = await CertificateAuthority.found();
  token = new SoftwareToken();
});
afterAll(async () => {
  token?.close();
  await authority?.close();
});

async function content(of: CitizenWish, keyId?: Buffer): Promise<CardContent & { publicKey: Buffer }> {
  const { certificate, privateKey } = await authority.card(of);
  return {
    certificate: Buffer.from(certificate.rawData),
    ...{ privateKey, publicKey: Buffer.from(certificate.publicKey.rawData) },
    ...(keyId && { keyId }),
  };
}

const signed = (typed: string) => signWithCertificate(token.access(), typed, wish);

test.each([
  ['RSA', { rsa: true }],
  ['an elliptic curve', {}],
])(
  'a card with a key of %s signs after its PIN, with the certificate for signing among others',
  async (_, of) => {
    const own = await content(of);
    const forEncryption = await content({ ...of, usages: KeyUsageFlags.keyEncipherment });
    token.insert(pin, forEncryption, own);
    const proof = await signed(pin);
    if (!proof.ok) throw new Error(proof.problem);
    expect(proof.value.statement).toMatchObject({
      ...wish,
      version: 1,
      reader: expect.stringMatching(/SoftHSM/),
    });
    expect(proof.value.certificate).toBe(own.certificate.toString('base64'));
    expect(isStatementSigned(own.publicKey, proof.value)).toBe(true);
  },
);

test('keys of one name are told apart by what the certificate says of its own', async () => {
  const name = Buffer.from('SIGN');
  const [first, own] = [await content({ rsa: true }, name), await content({ rsa: true }, name)];
  const { certificate } = own;
  token.insert(
    pin,
    { ...first, certificate: (await content({ usages: KeyUsageFlags.keyEncipherment })).certificate },
    own,
  );
  const proof = await signed(pin);
  expect(proof.ok && proof.value.certificate).toBe(certificate.toString('base64'));
  expect(proof.ok && isStatementSigned(own.publicKey, proof.value)).toBe(true);
});

test('wrong PINs are counted by the card, the last try is told, and a locked card is asked no more', async () => {
  token.insert(pin, await content({}));
  expect(await signed('12345')).toEqual({ ok: false, problem: 'pinMalformed' });
  expect(await signed('111111')).toEqual({ ok: false, problem: 'pinWrong' });
  expect((await signed(pin)).ok).toBe(true);
  expect(await signed('111111')).toEqual({ ok: false, problem: 'pinWrong' });
  expect(await signed('222222')).toEqual({ ok: false, problem: 'pinLastTry' });
  expect(await token.access().look()).toMatchObject({ ok: true, value: { lastTry: true } });
  expect(await signed('333333')).toEqual({ ok: false, problem: 'pinLocked' });
  expect(await signed(pin)).toEqual({ ok: false, problem: 'pinLocked' });
});

test('no card, a card without such a certificate, no module and no binding are told by their names', async () => {
  token.remove();
  expect(await token.access().look()).toEqual({ ok: false, problem: 'noToken' });
  token.insert(pin, await content({ usages: KeyUsageFlags.keyEncipherment }));
  expect(await token.access().look()).toEqual({ ok: false, problem: 'otherToken' });
  expect(await token.access({ module: '/nowhere.so' }).look()).toEqual({ ok: false, problem: 'noModule' });
  const hide = ['--require', require.resolve('../../test/support/without-pkcs11js.cjs')];
  const bare = token.access({ execArgv: [...typescriptOptions, ...hide] });
  expect(await bare.look()).toEqual({ ok: false, problem: 'noTokenBinding' });
});

test('a driver that never comes back is given up', async () => {
  const environment = { ...token.environment, HANG: 'yes', WRONG_PINS: '/nowhere' };
  const hung = token.access({ environment, limitMs: 1_500 });
  expect(await hung.look()).toEqual({ ok: false, problem: 'tokenStuck' });
});

test.each([
  [0xa0, 'pinWrong'],
  [0xa2, 'pinMalformed'],
  [0xa4, 'pinLocked'],
  [0x32, 'tokenPulled'],
  [0xe0, 'noToken'],
  [0x102, 'otherToken'],
  [0x54, 'tokenFailed'],
])('the code %i of a module is told as %s', (code, problem) => {
  expect(problemOfTokenCode(code)).toBe(problem);
});

test('flags of a card say what a wrong PIN left', () => {
  expect([0, 0x10000, 0x20000, 0x40000, 0x60000].map(problemAfterWrongPin)).toEqual([
    ...['pinWrong', 'pinWrong', 'pinLastTry', 'pinLocked', 'pinLocked'],
  ]);
});

test('a PIN has six to eight digits', () => {
  expect(['123456', '12345678', '12345', '123456789', 'abcdef', '１２３４５６', ''].map(isPin)).toEqual([
    ...[true, true, false, false, false, false, false],
  ]);
});

test('there are plain words in both languages for everything that may be wrong', () => {
  expect(Object.keys(tokenProblemWords).sort()).toEqual([...tokenProblems].sort());
  for (const { zh, en } of Object.values(tokenProblemWords)) {
    expect(zh).toMatch(/\p{Script=Han}.*。$/u);
    expect(en).toMatch(/^[A-Z][\x20-\x7e]+\.$/);
  }
});
