/**
 * Certificate proof (自然人憑證憑據): a statement that the key in a Citizen Digital Certificate's card has signed, after
 * its owner typed the PIN, for one challenge of ours. Other than the plain read of an NHI card this is a proof: nobody
 * signs without the card and its PIN. It is bound to the same challenges as a card proof.
 */
import type { Instant } from '../civil-time/plain-date';

const certificateStatementVersion = 1;

/** What the certificate's key signs; all but the reader was given by the challenge and by the browser's own word. */
export interface CertificateStatement {
  readonly version: typeof certificateStatementVersion;
  readonly bridgeId: string;
  /** Of the page that asked, as its browser named it to the bridge. */
  readonly origin: string;
  readonly challengeId: string;
  readonly nonce: string;
  readonly purpose: 'sign-in' | 'card-account' | 'device-code';
  /** By the bridge's clock, after the challenge had come. */
  readonly readAt: Instant;
  /** Name of the reader, as PC/SC gives it. */
  readonly reader: string;
}

export interface CertificateProof {
  readonly statement: CertificateStatement;
  /** The certificate in DER, base64. */
  readonly certificate: string;
  /** RSASSA-PKCS1-v1_5 or ECDSA (r‖s), each with SHA-256, over `certificateStatementText`, base64url. */
  readonly signature: string;
}

/** The text that is signed, as UTF-8; its first line keeps a signature over it from being taken for any other. */
export function certificateStatementText(statement: CertificateStatement): string {
  return `yiyue certificate proof\n${JSON.stringify([
    ...[statement.version, statement.bridgeId, statement.origin, statement.challengeId, statement.nonce],
    ...[statement.purpose, statement.readAt, statement.reader],
  ])}`;
}
