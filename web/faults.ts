/** Pages for what goes wrong: nothing there, a form that expired, a service that is away, our own faults. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { noteRefusal, refusalOf } from '../api/plugins/refusals';
import { problemHeaders, type AnyRefusal } from '../api/problems';
import { problemTexts } from '../api/problem-texts';
import { languageOf } from './language';
import { localPath } from './local-path';
import { refusalPage, signInFirst } from './refusals';
import { wordsIn, type Words } from './words';

/** Registers the error handler of the pages, and the page for addresses where nothing is. */
export function faultPages(app: FastifyInstance): void {
  app.setErrorHandler(async (error, request, reply) => {
    // What was refused before the page's own hooks has no words yet.
    request.words ??= wordsIn(languageOf(request));
    const refusal = refusalOf(error);
    noteRefusal(request, refusal, error);
    if (refusal.code === 'sessionRequired' || refusal.code === 'sessionEnded')
      return signInFirst(request, reply);
    return faultPage(request, reply, refusal);
  });

  // JSON routes and files answer for themselves; whoever asks for a page reads a page.
  const nowhere = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const path = request.url.split('?', 1)[0] ?? '/';
    if (path.startsWith('/v1/') || !(request.headers.accept ?? '').includes('text/html'))
      return reply.callNotFound();
    const elsewhere = request.method === 'POST' ? 'GET' : 'POST';
    const refusal: AnyRefusal = app.hasRoute({ method: elsewhere, url: path })
      ? { code: 'methodNotAllowed', allow: [elsewhere] }
      : { code: 'pageUnknown' };
    return faultPage(request, reply, refusal);
  };
  app.get('/*', nowhere);
  app.post('/*', nowhere);
}

async function faultPage(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: AnyRefusal,
): Promise<FastifyReply> {
  const words = faultWords(refusal, request.words);
  if (!words) return refusalPage(request, reply, refusal);
  for (const [name, value] of Object.entries(problemHeaders(refusal))) void reply.header(name, value);
  const { t } = request.words;
  const question = refusal.code === 'formExpired' ? localPath(request.url) : undefined;
  return reply.page(
    'message.njk',
    {
      title: words.title,
      paragraphs: [words.text],
      actions: [
        ...(question === undefined ? [] : [{ href: question, text: t.errors.formExpiredAgain }]),
        { href: '/', text: t.errors.front },
      ],
      help: true,
      reference: refusal.code,
    },
    problemTexts[refusal.code].status,
  );
}

function faultWords({ code }: AnyRefusal, { t }: Words): { title: string; text: string } | undefined {
  switch (code) {
    case 'pageUnknown':
      return { title: t.errors.notFoundTitle, text: t.errors.notFound };
    case 'methodNotAllowed':
      return { title: t.errors.methodTitle, text: t.errors.method };
    case 'formExpired':
      return { title: t.errors.formExpiredTitle, text: t.errors.formExpired };
    case 'overloaded':
      return { title: t.errors.busyTitle, text: t.errors.busy };
    case 'notReady':
    case 'ledgerUnavailable':
      return { title: t.starting.title, text: t.starting.ledger };
    case 'internalError':
      return { title: t.errors.serverTitle, text: t.errors.server };
    default:
      return undefined;
  }
}
