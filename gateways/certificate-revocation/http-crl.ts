/**
 * Revocation lists (憑證廢止清冊, X.509 v2) over HTTP, from the address that stands in the certificate. A list is taken
 * only with its issuer's signature and while it is current, and kept until the next one is due.
 */
import 'reflect-metadata';
import { CRLDistributionPointsExtension, X509Crl, type X509Certificate } from '@peculiar/x509';
import { LRUCache } from 'lru-cache';

import { RevocationUnknown, type CertificateRevocation } from './port';

export interface HttpCrlSettings {
  readonly timeoutMs?: number;
  /** Real time; tests bring their own. */
  readonly now?: () => Date;
}

const defaultTimeoutMs = 4_000;
/** Lists come out daily; one that is revoked meanwhile should not be good for a day more. */
const longestKeptMs = 3_600_000;
const listsKept = 20;
/** The list of a whole country's certificates, with room. */
const largestListBytes = 50 * 1024 * 1024;

interface KeptList {
  readonly list: X509Crl;
  readonly goodUntil: number;
}

export function createHttpCrl(settings: HttpCrlSettings = {}): CertificateRevocation {
  const { timeoutMs = defaultTimeoutMs, now = () => new Date() } = settings;
  const kept = new LRUCache<string, KeptList>({ max: listsKept });

  async function listOf(address: string, issuer: X509Certificate): Promise<X509Crl> {
    const at = now();
    const known = kept.get(address);
    if (known && at.getTime() < known.goodUntil) return known.list;
    const list = read(await fetched(address, timeoutMs));
    if (!(await list.verify({ publicKey: issuer.publicKey }))) throw new RevocationUnknown('listNotSigned');
    const next = list.nextUpdate?.getTime() ?? 0;
    if (next <= at.getTime() || list.thisUpdate > at) throw new RevocationUnknown('listOutdated');
    kept.set(address, { list, goodUntil: Math.min(next, at.getTime() + longestKeptMs) });
    return list;
  }

  return {
    async isRevoked(certificate, issuer) {
      const [address] = addressesIn(certificate);
      if (address === undefined) throw new RevocationUnknown('noList');
      const list = await listOf(address, issuer);
      return list.findRevoked(certificate) !== null;
    },
  };
}

function addressesIn(certificate: X509Certificate): readonly string[] {
  const points = certificate.getExtension(CRLDistributionPointsExtension)?.distributionPoints ?? [];
  return points
    .flatMap(({ distributionPoint }) => distributionPoint?.fullName ?? [])
    .map(({ uniformResourceIdentifier }) => uniformResourceIdentifier)
    .filter((uri): uri is string => uri !== undefined && /^https?:\/\//.test(uri));
}

async function fetched(address: string, timeoutMs: number): Promise<ArrayBuffer> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    if (!response.ok || Number(response.headers.get('content-length') ?? 0) > largestListBytes) {
      await response.body?.cancel();
      throw new RevocationUnknown('unreachable');
    }
    return await response.arrayBuffer();
  } catch {
    throw new RevocationUnknown('unreachable');
  }
}

function read(body: ArrayBuffer): X509Crl {
  try {
    return new X509Crl(body);
  } catch {
    throw new RevocationUnknown('listNotUnderstood');
  }
}
