/** A government's public-key infrastructure in small: a root, the citizens' authority below it, and its revocation list. */
import 'reflect-metadata';
import { createPrivateKey, webcrypto, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Attribute, id_ce_subjectDirectoryAttributes, SubjectDirectoryAttributes } from '@peculiar/asn1-x509';
import {
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  type X509Certificate,
} from '@peculiar/x509';

import {
  idLastFourAttribute,
  readTrustStore,
  type TrustStore,
} from '../../api/certificate/citizen-certificate';
import { VirtualCertificateCard } from '../../card-bridge/certificate/virtual-certificate-card';

const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2_048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
/** Quicker to make than RSA's keys. */
const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const yearMs = 365 * 86_400_000;

/** What is peculiar about one citizen's certificate; ordinary where nothing is said. */
export interface CitizenWish {
  readonly name?: string;
  /** Left out of the certificate when null. */
  readonly idLastFour?: string | null;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly usages?: KeyUsageFlags;
  /** Its own key signs it, as nobody's authority does. */
  readonly selfSigned?: boolean;
  readonly withoutList?: boolean;
  readonly rsa?: boolean;
  readonly pin?: string;
}

/** Where the lists are published. */
class RevocationLists {
  static async serve(): Promise<RevocationLists> {
    const lists = new RevocationLists();
    await new Promise<void>((resolve) => lists.#server.listen(0, '127.0.0.1', resolve));
    return lists;
  }

  readonly #server = createServer((request, response) => {
    const list = this.away ? undefined : request.url === '/root.crl' ? this.ofRoot : this.ofCitizens;
    response.writeHead(list ? 200 : 503).end(list);
  });
  ofRoot: Buffer | undefined;
  ofCitizens: Buffer | undefined;
  away = false;

  get address(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

export class CertificateAuthority {
  static async found(now = new Date()): Promise<CertificateAuthority> {
    const lists = await RevocationLists.serve();
    const rootKeys = await keyPair();
    const keys = await keyPair();
    const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
    const authorityUsages = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);
    const root = await X509CertificateGenerator.createSelfSigned({
      name: 'C=TW, O=Test Government, OU=Test Root Authority',
      ...{ keys: rootKeys, signingAlgorithm: curve, serialNumber: '01' },
      ...{ notBefore: days(-3_650), notAfter: days(3_650) },
      extensions: [new BasicConstraintsExtension(true, 1, true), authorityUsages],
    });
    const certificate = await X509CertificateGenerator.create({
      subject: 'C=TW, O=Test Government, OU=Test Citizens Authority',
      ...{ issuer: root.subject, publicKey: keys.publicKey, signingKey: rootKeys.privateKey },
      ...{ signingAlgorithm: curve, serialNumber: '02', notBefore: days(-1_000), notAfter: days(1_000) },
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        authorityUsages,
        new CRLDistributionPointsExtension([`${lists.address}/root.crl`]),
      ],
    });
    const authority = new CertificateAuthority(root, certificate, keys, lists, now);
    lists.ofRoot = await authority.#listOf(root, rootKeys, []);
    await authority.revoke();
    return authority;
  }

  #serial = 100;

  private constructor(
    private readonly root: X509Certificate,
    private readonly certificate: X509Certificate,
    private readonly keys: CryptoKeyPair,
    /** Whether they can be had, and what is on them. */
    readonly lists: RevocationLists,
    private readonly now: Date,
  ) {}

  /** What operations would be given. */
  get trust(): TrustStore {
    return readTrustStore(this.pem);
  }

  get pem(): string {
    return `${this.root.toString('pem')}\n${this.certificate.toString('pem')}\n`;
  }

  close(): Promise<void> {
    return this.lists.close();
  }

  /** A card with a certificate of its own. */
  async card(
    wish: CitizenWish = {},
  ): Promise<{ card: VirtualCertificateCard; certificate: X509Certificate; privateKey: KeyObject }> {
    const keys = await (wish.rsa ? rsaPair() : keyPair());
    this.#serial += 1;
    const subject = `C=TW, CN=${wish.name ?? '甄健康'}, 2.5.4.5=0000000${String(this.#serial)}`;
    const idLastFour = wish.idLastFour === undefined ? '6789' : wish.idLastFour;
    const certificate = await X509CertificateGenerator.create({
      ...{ subject, publicKey: keys.publicKey, signingAlgorithm: curve },
      issuer: wish.selfSigned ? subject : this.certificate.subject,
      signingKey: wish.selfSigned ? keys.privateKey : this.keys.privateKey,
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      notBefore: wish.notBefore ?? new Date(this.now.getTime() - yearMs),
      notAfter: wish.notAfter ?? new Date(this.now.getTime() + yearMs),
      extensions: [
        new KeyUsagesExtension(wish.usages ?? KeyUsageFlags.digitalSignature, true),
        ...(idLastFour === null ? [] : [directoryAttribute(idLastFour)]),
        ...(wish.withoutList
          ? []
          : [new CRLDistributionPointsExtension([`${this.lists.address}/citizens.crl`])]),
      ],
    });
    const privateKey = createPrivateKey({
      key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
      ...{ format: 'der', type: 'pkcs8' },
    });
    const der = Buffer.from(certificate.rawData);
    return {
      card: new VirtualCertificateCard({ certificate: der, privateKey, pin: wish.pin ?? '246810' }),
      certificate,
      privateKey,
    };
  }

  /** Publishes the list anew, with these certificates on it. */
  async revoke(...certificates: readonly X509Certificate[]): Promise<void> {
    this.lists.ofCitizens = await this.#listOf(this.certificate, this.keys, certificates);
  }

  /** A list that somebody else has signed. */
  async publishForgedList(): Promise<void> {
    this.lists.ofCitizens = await this.#listOf(this.certificate, await keyPair(), []);
  }

  /** A list whose successor should have come out. */
  async publishOldList(): Promise<void> {
    this.lists.ofCitizens = await this.#listOf(
      this.certificate,
      this.keys,
      [],
      new Date(this.now.getTime() - 3 * 86_400_000),
    );
  }

  async #listOf(
    issuer: X509Certificate,
    keys: CryptoKeyPair,
    revoked: readonly X509Certificate[],
    at = this.now,
  ): Promise<Buffer> {
    const list = await X509CrlGenerator.create({
      ...{ issuer: issuer.subject, signingKey: keys.privateKey, signingAlgorithm: curve },
      thisUpdate: new Date(at.getTime() - 3_600_000),
      nextUpdate: new Date(at.getTime() + 86_400_000),
      entries: revoked.map(({ serialNumber }) => ({ serialNumber, revocationDate: at })),
    });
    return Buffer.from(list.rawData);
  }
}

function keyPair(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
}

function rsaPair(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
}

function directoryAttribute(idLastFour: string): Extension {
  const printable = Buffer.concat([
    Buffer.from([0x13, idLastFour.length]),
    Buffer.from(idLastFour, 'latin1'),
  ]);
  const value = new Uint8Array(printable).buffer;
  const attributes = new SubjectDirectoryAttributes([
    new Attribute({ type: idLastFourAttribute, values: [value] }),
  ]);
  return new Extension(id_ce_subjectDirectoryAttributes, false, AsnConvert.serialize(attributes));
}
