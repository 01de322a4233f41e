/** Opens the SMS gateway that an address names: `smpp://`, `smpps://` or `ssmpp://`, `http://` or `https://`. */
import { HttpGateway, type HttpGatewaySettings } from './http-gateway';
import type { SmsGateway } from './port';
import { defaultReferenceTag } from './reference-tlv';
import { SmppGateway, type SmppGatewaySettings } from './smpp-gateway';

export interface SmsGatewaySettings {
  /** `smpp://systemId:password@host:2775` or `https://username:password@host/api/mtk`. */
  readonly url: string;
  /** What the contract with an SMPP gateway says; `referenceTag: null` for plain SMPP. */
  readonly smpp?: Partial<Omit<SmppGatewaySettings, 'host' | 'port' | 'systemId' | 'password' | 'tls'>>;
  readonly http?: Partial<Omit<HttpGatewaySettings, 'baseUrl' | 'username' | 'password'>>;
}

/** Those who write `ssmpp` for SMPP over TLS mean the same. */
const smppPorts: Readonly<Record<string, number>> = { 'smpp:': 2775, 'smpps:': 3550, 'ssmpp:': 3550 };

/**
 * Chooses the adapter by the address. SMPP connects in the background; a gateway that is down now shows in
 * `health()`, not here.
 *
 * @throws Error without the address in its text, for that holds the password
 */
export function connectSmsGateway(settings: SmsGatewaySettings): SmsGateway {
  const url = URL.canParse(settings.url) ? new URL(settings.url) : undefined;
  if (!url || url.hostname === '' || url.username === '' || url.password === '') {
    throw new Error('the SMS gateway needs an address with scheme, user, password and host');
  }
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  switch (url.protocol) {
    case 'smpp:':
    case 'smpps:':
    case 'ssmpp:':
      return new SmppGateway({
        referenceTag: defaultReferenceTag,
        ...settings.smpp,
        // Brackets of an IPv6 host belong to the URL, not to the address.
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port) || (smppPorts[url.protocol] ?? 0),
        tls: url.protocol !== 'smpp:',
        systemId: username,
        password,
      });
    case 'http:':
    case 'https:':
      return new HttpGateway({
        ...settings.http,
        baseUrl: `${url.origin}${url.pathname}`,
        username,
        password,
      });
    default:
      throw new Error('the SMS gateway speaks smpp, smpps, http or https');
  }
}
