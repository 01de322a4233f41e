/**
 * What Citizen Digital Certificates (自然人憑證) prove: a signature over a challenge of ours by a key whose certificate an
 * authority that we trust has issued, and has not revoked. Taken once, like every proof that answers a challenge.
 */
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

import type { CertificateProof } from '../../domain/card-proof/certificate-proof';
import { whyNotTaken, type ProofUse } from '../../domain/card-proof/card-proof';
import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import type { CertificateRevocation } from '../../gateways/certificate-revocation/port';
import { readCardChallenge, spendCardChallenge } from '../../ledger/card-challenge';
import { isStatementSigned } from '../certificate/certificate-signature';
import {
  checkCitizenCertificate,
  type CitizenCertificate,
  type TrustStore,
} from '../certificate/citizen-certificate';

/** Whose certificates count, and who says that they were not revoked. */
export interface CertificateAuthorities {
  readonly trust: TrustStore;
  readonly revocation: CertificateRevocation;
}

export interface CertificateProofs {
  /** False where operations were given no authority: then nobody comes in so, and no page offers it. */
  readonly isOffered: boolean;
  /**
   * Takes a proof, once. Refuses as `whyNotTaken` and `checkCitizenCertificate` do, and with `cardChallengeUnknown`,
   * `cardBridgeRevoked`, `certificateSignatureInvalid`.
   */
  accept(proof: CertificateProof, use: ProofUse): Promise<Outcome<CitizenCertificate>>;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly certificateProofs: CertificateProofs;
  }
}

const nobody: TrustStore = { roots: [], authorities: [] };
const askNobody: CertificateRevocation = { isRevoked: () => Promise.resolve(true) };

export const certificateProofsPlugin = fp<{ readonly authorities?: CertificateAuthorities | undefined }>(
  async (app, { authorities }) => {
    app.decorate('certificateProofs', proofsOf(app, authorities));
  },
  { name: 'certificate-proofs', dependencies: ['ledger'] },
);

function proofsOf(
  { ledger }: FastifyInstance,
  authorities: CertificateAuthorities | undefined,
): CertificateProofs {
  const { trust, revocation } = authorities ?? { trust: nobody, revocation: askNobody };
  return {
    isOffered: trust.roots.length > 0,
    async accept({ statement, certificate, signature }, use) {
      const found = await readCardChallenge(ledger.db, statement.challengeId);
      if (!found) return refused({ code: 'cardChallengeUnknown' });
      if (found.bridge.revokedAt !== null) return refused({ code: 'cardBridgeRevoked' });
      const refusal = whyNotTaken(statement, found.challenge, use, found.now);
      if (refusal) return refused(refusal);
      // The list of revocations is fetched from an address in the certificate: only once its chain was checked.
      const checked = await checkCitizenCertificate(Buffer.from(certificate, 'base64'), {
        ...{ trust, revocation },
        at: new Date(found.now),
      });
      if (!checked.ok) return checked;
      if (!isStatementSigned(checked.value.publicKey, { statement, signature })) {
        return refused({ code: 'certificateSignatureInvalid' });
      }
      // Last, so that nothing that is refused costs a signature, and first for whoever hands the same one in twice.
      if (!(await spendCardChallenge(ledger.db, statement.challengeId))) {
        return refused({ code: 'cardChallengeSpent' });
      }
      return accepted(checked.value);
    },
  };
}
