/**
 * Who may speak to the bridge. Any page of the web can reach a loopback address, and a name of an attacker's can be
 * made to point at it: so `Host` has to be ours and `Origin` one of the sites that the owner allowed, both exactly.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Who asks, by what their browser or their key says; never by what a page writes into its request. */
export type Caller =
  /** A page of an allowed site; `origin` is the browser's word. */
  | { readonly kind: 'page'; readonly origin: string }
  /** A kiosk's own program; `origin` is the site that it was set up for. */
  | { readonly kind: 'kiosk'; readonly origin: string }
  /** The bridge's own status page. */
  | { readonly kind: 'own' };

export type DoorRefusal = 'hostRefused' | 'originRefused' | 'originMissing';

export interface DoorSettings {
  /** The port that we really listen on. */
  readonly port: number;
  readonly origins: readonly string[];
  readonly kiosk?: { readonly origin: string; readonly key: string };
}

const hosts = ['127.0.0.1', '[::1]', 'localhost'];

/** Is this the address under which we can be meant? Names that point here from elsewhere are refused. */
export function isOwnHost(host: string | undefined, { port }: DoorSettings): boolean {
  return hosts.some((name) => host === `${name}:${String(port)}`);
}

/** Who asks, or why they are turned away. */
export function callerOf(headers: IncomingHttpHeaders, settings: DoorSettings): Caller | DoorRefusal {
  if (!isOwnHost(headers.host, settings)) return 'hostRefused';
  const { origin } = headers;
  if (origin !== undefined) {
    if (settings.origins.includes(origin)) return { kind: 'page', origin };
    return origin === `http://${String(headers.host)}` ? { kind: 'own' } : 'originRefused';
  }
  const { kiosk } = settings;
  if (kiosk && isKey(headers.authorization, kiosk.key)) return { kind: 'kiosk', origin: kiosk.origin };
  return 'originMissing';
}

function isKey(authorization: string | undefined, key: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const expected = Buffer.from(`Bearer ${key}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
