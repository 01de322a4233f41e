/** Whether a certificate was revoked, as its issuer says. */
import type { X509Certificate } from '@peculiar/x509';

export interface CertificateRevocation {
  /**
   * `issuer` has signed `certificate`, and the caller has checked that up to a root that we trust. Throws
   * `RevocationUnknown` when the issuer's word cannot be had: an unknown state is no good state.
   */
  isRevoked(certificate: X509Certificate, issuer: X509Certificate): Promise<boolean>;
}

export type RevocationUnknownReason =
  'noList' | 'unreachable' | 'listNotUnderstood' | 'listNotSigned' | 'listOutdated';

/** Nothing is known of a certificate's revocation; says why in a code. */
export class RevocationUnknown extends Error {
  override readonly name = 'RevocationUnknown';
  constructor(readonly reason: RevocationUnknownReason) {
    super(`the revocation of a certificate is not known (${reason})`);
  }
}
