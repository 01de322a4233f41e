/** Pages that speak to the card bridge on the visitor's own computer may connect there; no other page may. */
import type { FastifyReply } from 'fastify';

const header = 'content-security-policy';

/**
 * Lets this one page connect to the bridge. `upgrade-insecure-requests` goes from it too: a loopback address has no
 * certificate, and browsers take it for secure as it is.
 */
export function letSpeakToBridge(reply: FastifyReply, bridgeUrl: string): void {
  const policy = reply.getHeader(header);
  if (typeof policy !== 'string') return;
  const socket = bridgeUrl.replace(/^http/, 'ws');
  void reply.header(
    header,
    policy
      .replace("connect-src 'self'", `connect-src 'self' ${bridgeUrl} ${socket}`)
      .replace(/;?\s*upgrade-insecure-requests/, ''),
  );
}
