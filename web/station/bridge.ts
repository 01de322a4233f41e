/** Where pages of a station look for the card bridge of their computer, and their leave to speak with it. */
import type { FastifyReply } from 'fastify';

/** The port that the bridge listens on unless told otherwise, see `card-bridge/`. */
const bridgeHost = '127.0.0.1:17777';
export const bridgeAddress = `http://${bridgeHost}`;

/** Lets the scripts of this page reach the bridge, and nothing else beside our own server. */
export function allowBridge(reply: FastifyReply): void {
  const policy = String(reply.getHeader('content-security-policy') ?? '');
  void reply.header(
    'content-security-policy',
    policy.replace(/connect-src [^;]*/, (rule) => `${rule} ${bridgeAddress} ws://${bridgeHost}`),
  );
}
