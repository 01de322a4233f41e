/** The signature that a certificate's card makes over a statement: RSA or elliptic curves, each with SHA-256. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';

import { certificateStatementText, type CertificateProof } from '../../domain/card-proof/certificate-proof';

/** Below this nobody signs any more (NIST SP 800-131A). */
const shortestRsaBits = 2_048;

const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1']);

/** Did the key (SubjectPublicKeyInfo in DER) sign this very statement? */
export function isStatementSigned(publicKey: Buffer, proof: Omit<CertificateProof, 'certificate'>): boolean {
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
    if (!isStrong(key)) return false;
    const text = Buffer.from(certificateStatementText(proof.statement), 'utf8');
    const signature = Buffer.from(proof.signature, 'base64url');
    return verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= shortestRsaBits;
  return asymmetricKeyType === 'ec' && curves.has(asymmetricKeyDetails?.namedCurve ?? '');
}
