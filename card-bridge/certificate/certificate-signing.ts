/** Has a certificate card sign a challenge of the API, for the page whose origin its browser named. */
import {
  certificateStatementText,
  type CertificateProof,
  type CertificateStatement,
} from '../../domain/card-proof/certificate-proof';
import type { CertificateToken, TokenAnswer } from './certificate-token';

/** What is signed but for the time, which is the bridge's own. */
export type SigningWish = Omit<CertificateStatement, 'version' | 'readAt'>;

/** The proof, or what is wrong with the card. Nothing is kept: neither the PIN nor the certificate. */
export async function signWithCertificate(
  token: CertificateToken,
  pin: string,
  wish: SigningWish,
  now: Date = new Date(),
): Promise<TokenAnswer<CertificateProof>> {
  const certificate = await token.certificate();
  if (!certificate.ok) return certificate;
  const statement: CertificateStatement = { version: 1, ...wish, readAt: now.toISOString() };
  const signature = await token.sign(pin, Buffer.from(certificateStatementText(statement), 'utf8'));
  if (!signature.ok) return signature;
  return {
    ok: true,
    value: {
      statement,
      certificate: certificate.value.toString('base64'),
      signature: signature.value.toString('base64url'),
    },
  };
}
