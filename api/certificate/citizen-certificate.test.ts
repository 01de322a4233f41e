import 'reflect-metadata';
import { KeyUsageFlags } from '@peculiar/x509';

import { signWithCertificate, type SigningWish } from '../../card-bridge/certificate/certificate-signing';
import type { CertificateProof } from '../../domain/card-proof/certificate-proof';
import { createHttpCrl } from '../../gateways/certificate-revocation/http-crl';
import { CertificateAuthority, type CitizenWish } from '../../test/builders/certificate-authority';
import { isStatementSigned } from './certificate-signature';
import { checkCitizenCertificate, readTrustStore } from './citizen-certificate';

jest.setTimeout(60_000);

let authority: CertificateAuthority;
const now = new Date();

beforeAll(async () => {
  authority = await CertificateAuthority.found(now);
});
beforeEach(async () => {
  authority.lists.away = false;
  await authority.revoke();
});
afterAll(() => authority.close());

const checked = (der: ArrayBuffer | Buffer, at = now, trust = authority.trust) =>
  checkCitizenCertificate(Buffer.from(der as ArrayBuffer), {
    ...{ trust, at },
    revocation: createHttpCrl({ now: () => now }),
  });

async function codeFor(wish: CitizenWish): Promise<string> {
  const { certificate } = await authority.card(wish);
  const outcome = await checked(certificate.rawData);
  return outcome.ok ? 'accepted' : outcome.refusal.code;
}

test('a certificate in force names its holder and the end of their ID', async () => {
  const { certificate } = await authority.card({ name: '陳𠮷䶮', idLastFour: '0042' });
  expect(await checked(certificate.rawData)).toMatchObject({
    ok: true,
    value: { name: '陳𠮷䶮', idLastFour: '0042' },
  });
});

const dayMs = 86_400_000;
const wrong: readonly (readonly [string, CitizenWish, string])[] = [
  ['that signed itself', { selfSigned: true }, 'certificateUntrusted'],
  ['that has run out', { notAfter: new Date(now.getTime() - dayMs) }, 'certificateExpired'],
  ['that is not in force yet', { notBefore: new Date(now.getTime() + dayMs) }, 'certificateExpired'],
  ['for encipherment alone', { usages: KeyUsageFlags.keyEncipherment }, 'certificateNotForSigning'],
  ['of no person', { idLastFour: null }, 'certificateInvalid'],
  ['whose end of the ID is none', { idLastFour: '67x9' }, 'certificateInvalid'],
  ['that names no revocation list', { withoutList: true }, 'certificateCheckUnavailable'],
];
test.each(wrong)('a certificate %s is refused', async (_what, wish, code) => {
  expect(await codeFor(wish)).toBe(code);
});

test('a revoked certificate is refused, and others go on', async () => {
  const lost = await authority.card();
  const kept = await authority.card();
  await authority.revoke(lost.certificate);
  expect(await checked(lost.certificate.rawData)).toMatchObject({ refusal: { code: 'certificateRevoked' } });
  expect((await checked(kept.certificate.rawData)).ok).toBe(true);
});

test('a list that is away, forged or out of date lets nobody in', async () => {
  const { certificate } = await authority.card();
  const unavailable = { refusal: { code: 'certificateCheckUnavailable' } };
  authority.lists.away = true;
  expect(await checked(certificate.rawData)).toMatchObject(unavailable);
  authority.lists.away = false;
  await authority.publishForgedList();
  expect(await checked(certificate.rawData)).toMatchObject(unavailable);
  await authority.publishOldList();
  expect(await checked(certificate.rawData)).toMatchObject(unavailable);
});

test('an authority that we do not know vouches for nobody', async () => {
  const others = await CertificateAuthority.found(now);
  const { certificate } = await others.card();
  await others.close();
  expect(await checked(certificate.rawData)).toMatchObject({ refusal: { code: 'certificateUntrusted' } });
});

test('a citizen’s certificate cannot issue another one', async () => {
  const { certificate } = await authority.card();
  const trust = readTrustStore(`${authority.pem}${certificate.toString('pem')}`);
  expect(trust.authorities).toHaveLength(2);
  expect(await checked(certificate.rawData, now, { roots: [], authorities: [certificate] })).toMatchObject({
    refusal: { code: 'certificateUntrusted' },
  });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('-----BEGIN CERTIFICATE-----')],
  ['half a certificate', Buffer.from('3082045a308203', 'hex')],
])('%s is no certificate', async (_what, der) => {
  expect(await checked(der)).toMatchObject({ refusal: { code: 'certificateInvalid' } });
});

describe('what the card signs', () => {
  const wish: SigningWish = {
    bridgeId: 'b1',
    origin: 'https://vaccine.example',
    challengeId: 'c1',
    nonce: 'n1',
    purpose: 'device-code',
  };

  async function proofOf(card: CitizenWish = {}): Promise<{ proof: CertificateProof; publicKey: Buffer }> {
    const made = await authority.card(card);
    const signed = await signWithCertificate(made.card, '246810', wish, now);
    if (!signed.ok) throw new Error(signed.problem);
    return { proof: signed.value, publicKey: Buffer.from(made.certificate.publicKey.rawData) };
  }

  test.each([
    ['RSA', { rsa: true }],
    ['an elliptic curve', {}],
  ])('is checked by the key in the certificate: %s', async (_kind, card) => {
    const { proof, publicKey } = await proofOf(card);
    expect(isStatementSigned(publicKey, proof)).toBe(true);
  });

  test('is worth nothing once anything of it is changed, or for another card', async () => {
    const { proof, publicKey } = await proofOf();
    for (const changed of [
      { origin: 'https://evil.example' },
      { nonce: 'n2' },
      { purpose: 'sign-in' as const },
      { challengeId: 'c2' },
      { bridgeId: 'b2' },
      { readAt: '2026-01-01T00:00:00.000Z' },
    ]) {
      const statement = { ...proof.statement, ...changed };
      expect(isStatementSigned(publicKey, { ...proof, statement })).toBe(false);
    }
    const other = await proofOf();
    expect(isStatementSigned(other.publicKey, proof)).toBe(false);
    expect(isStatementSigned(publicKey, { ...proof, signature: '' })).toBe(false);
    expect(isStatementSigned(Buffer.from('no key'), proof)).toBe(false);
  });

  test('three wrong PINs lock the card, and the right one no longer opens it', async () => {
    const { card } = await authority.card();
    const signed = (pin: string) => signWithCertificate(card, pin, wish, now);
    expect(await signed('12345')).toEqual({ ok: false, problem: 'pinMalformed' });
    expect(await signed('111111')).toEqual({ ok: false, problem: 'pinWrong' });
    expect(await signed('222222')).toEqual({ ok: false, problem: 'pinLastTry' });
    expect(await signed('333333')).toEqual({ ok: false, problem: 'pinLocked' });
    expect(await signed('246810')).toEqual({ ok: false, problem: 'pinLocked' });
  });

  test('a card that was pulled signs nothing', async () => {
    const { card } = await authority.card();
    card.pull();
    expect(await signWithCertificate(card, '246810', wish, now)).toEqual({ ok: false, problem: 'noToken' });
  });
});
