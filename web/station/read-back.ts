/** Staff who act for somebody read out what they are about to do; what was not confirmed is not done. */
import type { FastifyReply, FastifyRequest } from 'fastify';

import { field } from '../forms';
import { refusalWords } from '../refusals';

/** The forms that commit something in a person's name; each repeats it before, with `parts/read-back.njk`, on this page. */
const committing: Readonly<Record<string, string>> = {
  '/registration/check': '/registration/check',
  '/registration/withdraw': '/registration/withdraw',
  '/booking/check': '/booking/check',
  '/appointment/move/check': '/appointment/move',
  '/appointment/cancel': '/appointment/cancel',
  '/waiting-list/join': '/waiting-list',
  '/waiting-list/leave': '/waiting-list',
  '/waiting-list/accept': '/waiting-list',
  '/waiting-list/decline': '/waiting-list',
  '/leftover': '/leftover',
  '/leftover/stop': '/leftover',
  '/family-requests/answer': '/family-requests',
};

/** A hook before the forms' own: refuses what staff did not confirm to have read out. */
export async function readBackFirst(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (request.method !== 'POST' || !request.citizen?.station?.assistedBy) return undefined;
  const form = committing[request.url.split('?', 1)[0] ?? ''];
  if (form === undefined || field(request, 'readBack') === 'yes') return undefined;
  const { words } = request;
  const { title, detail } = refusalWords({ code: 'notReadBack' }, words);
  const actions = [{ href: form, text: words.t.station.readBackAgain }];
  return reply.page('message.njk', { title, paragraphs: [detail], actions, returnTo: form }, 422);
}
