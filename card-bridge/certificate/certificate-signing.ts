/** Has a certificate card sign a challenge of the API, for the page whose origin its browser named. */
import {
  certificateStatementText,
  type CertificateProof,
  type CertificateStatement,
} from '../../domain/card-proof/certificate-proof';
import { isPin, type CertificateToken, type TokenAnswer } from './certificate-token';

/** What is signed but for reader and time, which are the bridge's own. */
export type SigningWish = Omit<CertificateStatement, 'version' | 'readAt' | 'reader'>;

/** The proof, or what is wrong with card or PIN. Nothing is kept: neither the PIN nor the certificate. */
export async function signWithCertificate(
  token: CertificateToken,
  pin: string,
  wish: SigningWish,
  now: Date = new Date(),
): Promise<TokenAnswer<CertificateProof>> {
  if (!isPin(pin)) return { ok: false, problem: 'pinMalformed' };
  const found = await token.look();
  if (!found.ok) return found;
  const { reader, certificate } = found.value;
  const statement: CertificateStatement = { version: 1, ...wish, readAt: now.toISOString(), reader };
  const signature = await token.sign(pin, Buffer.from(certificateStatementText(statement), 'utf8'));
  if (!signature.ok) return signature;
  return {
    ok: true,
    value: {
      statement,
      certificate: certificate.toString('base64'),
      signature: signature.value.toString('base64url'),
    },
  };
}
