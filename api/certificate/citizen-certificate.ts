/**
 * Citizen Digital Certificates (自然人憑證): is this one issued by an authority that we trust, in force, for signing and
 * not revoked, and whom does it name. The profile is that of the government's public-key infrastructure (GPKI): the
 * name stands in the subject, the last four characters of the ID in a directory attribute. The whole ID stands nowhere.
 */
import 'reflect-metadata';
import { AsnConvert } from '@peculiar/asn1-schema';
import { id_ce_subjectDirectoryAttributes, SubjectDirectoryAttributes } from '@peculiar/asn1-x509';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
} from '@peculiar/x509';

import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import { RevocationUnknown, type CertificateRevocation } from '../../gateways/certificate-revocation/port';

/** Whom a certificate names. */
export interface CitizenCertificate {
  /** As the subject has it, e.g. 甄健康. */
  readonly name: string;
  /** Of the national ID or UI number. */
  readonly idLastFour: string;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
}

/** Authorities that may have issued a certificate: roots that are trusted for their own sake, and those below them. */
export interface TrustStore {
  readonly roots: readonly X509Certificate[];
  readonly authorities: readonly X509Certificate[];
}

/** The last four characters of the holder's ID (GPKI; of certificates for persons alone). */
export const idLastFourAttribute = '2.16.886.1.100.2.51';

/** More authorities one above the other than any government's infrastructure has. */
const longestChain = 4;

/** Reads the PEM bundle that operations were given by the authority. Throws for what is no certificate. */
export function readTrustStore(pem: string): TrustStore {
  const all = PemConverter.decode(pem).map((der) => new X509Certificate(der));
  const isRoot = ({ subject, issuer }: X509Certificate): boolean => subject === issuer;
  return { roots: all.filter(isRoot), authorities: all.filter((one) => !isRoot(one)) };
}

export interface CertificateCheck {
  readonly trust: TrustStore;
  readonly revocation: CertificateRevocation;
  readonly at: Date;
}

/**
 * Checks a certificate as it came, in DER. Refuses with `certificateInvalid` (none at all, or no person's),
 * `certificateUntrusted`, `certificateExpired`, `certificateNotForSigning`, `certificateRevoked`, and with
 * `certificateCheckUnavailable` when its issuer's list cannot be had.
 */
export async function checkCitizenCertificate(
  der: Buffer,
  { trust, revocation, at }: CertificateCheck,
): Promise<Outcome<CitizenCertificate>> {
  const certificate = read(der);
  if (!certificate) return refused({ code: 'certificateInvalid' });
  const chain = await chainOf(certificate, trust);
  if (!chain) return refused({ code: 'certificateUntrusted' });
  if (![certificate, ...chain].every((one) => one.notBefore <= at && at <= one.notAfter))
    return refused({ code: 'certificateExpired' });
  const usage = certificate.getExtension(KeyUsagesExtension)?.usages ?? 0;
  if ((usage & KeyUsageFlags.digitalSignature) === 0) return refused({ code: 'certificateNotForSigning' });
  const [name] = certificate.subjectName.getField('CN');
  const idLastFour = lastFourOf(certificate);
  if (name === undefined || idLastFour === undefined) return refused({ code: 'certificateInvalid' });
  try {
    for (const [index, issuer] of chain.entries()) {
      const issued = index === 0 ? certificate : chain[index - 1];
      if (issued && (await revocation.isRevoked(issued, issuer)))
        return refused({ code: 'certificateRevoked' });
    }
  } catch (error) {
    if (!(error instanceof RevocationUnknown)) throw error;
    return refused({ code: 'certificateCheckUnavailable' });
  }
  return accepted({ name, idLastFour, publicKey: Buffer.from(certificate.publicKey.rawData) });
}

function read(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(new Uint8Array(der));
  } catch {
    return undefined;
  }
}

/** Who issued it, up to a root that we trust; each has signed the one before and may do so. */
async function chainOf(
  certificate: X509Certificate,
  { roots, authorities }: TrustStore,
): Promise<readonly X509Certificate[] | undefined> {
  const chain: X509Certificate[] = [];
  let issued = certificate;
  while (chain.length < longestChain) {
    const root = await issuerOf(issued, roots);
    if (root) return [...chain, root];
    const authority = await issuerOf(issued, authorities);
    if (!authority) return undefined;
    chain.push(authority);
    issued = authority;
  }
  return undefined;
}

async function issuerOf(
  issued: X509Certificate,
  among: readonly X509Certificate[],
): Promise<X509Certificate | undefined> {
  for (const candidate of among) {
    if (
      candidate.subject === issued.issuer &&
      maySignCertificates(candidate) &&
      (await isSignedBy(issued, candidate))
    )
      return candidate;
  }
  return undefined;
}

function maySignCertificates(authority: X509Certificate): boolean {
  const usage = authority.getExtension(KeyUsagesExtension)?.usages ?? 0;
  const isAuthority = authority.getExtension(BasicConstraintsExtension)?.ca === true;
  return isAuthority && (usage & KeyUsageFlags.keyCertSign) !== 0;
}

async function isSignedBy(issued: X509Certificate, issuer: X509Certificate): Promise<boolean> {
  try {
    return await issued.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  } catch {
    // An algorithm that nobody here knows.
    return false;
  }
}

function lastFourOf(certificate: X509Certificate): string | undefined {
  const extension = certificate.getExtension(id_ce_subjectDirectoryAttributes);
  if (!extension) return undefined;
  try {
    const attributes = AsnConvert.parse(extension.value, SubjectDirectoryAttributes);
    const value = attributes.find(({ type }) => type === idLastFourAttribute)?.values[0];
    // PrintableString or UTF8String: tag, one byte of length, four characters.
    const bytes = value && Buffer.from(value);
    const text = bytes && bytes[1] === 4 && bytes.length === 6 ? bytes.toString('latin1', 2) : '';
    return /^\d{4}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
