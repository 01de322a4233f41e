/** Staff who act for somebody read out what they are about to do; what was not confirmed is not done. */
import type { FastifyReply, FastifyRequest } from 'fastify';

import { field } from '../forms';
import { refusalPage } from '../refusals';

/** The forms that commit something in a person's name; each repeats it before, with `parts/read-back.njk`. */
const committing = new Set([
  ...['/registration/check', '/registration/withdraw', '/booking/check'],
  ...['/appointment/move/check', '/appointment/cancel'],
  ...['/waiting-list/join', '/waiting-list/leave', '/waiting-list/accept', '/waiting-list/decline'],
  ...['/leftover', '/leftover/stop', '/family-requests/answer'],
]);

/** A hook before the forms' own: refuses what staff did not confirm to have read out. */
export async function readBackFirst(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (request.method !== 'POST' || !request.citizen?.station?.assistedBy) return undefined;
  if (!committing.has(request.url.split('?', 1)[0] ?? '') || field(request, 'readBack') === 'yes')
    return undefined;
  return refusalPage(request, reply, { code: 'notReadBack' });
}
