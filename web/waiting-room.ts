/** The waiting room (排隊) as people see it: taking a place, how far the line has come, and on to signing in. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Standing } from '../api/waiting-room/line-watch';
import { parsePersonNumber } from '../domain/person-number/person-number';
import { captchaView, readCaptcha } from './captcha';
import { field, formErrors, hasErrors, parameter, personNumberError, type FormErrors } from './forms';
import { nextOf, pathOfNext } from './local-path';
import { refusalPage, signInAddress } from './refusals';
import type { Words } from './words';

const start = '/registration';

/** Where somebody goes who comes to sign in while there is a line. */
export function waitingRoomAddress(to: string): string {
  return `/waiting-room?next=${encodeURIComponent(nextOf(to))}`;
}

/** Registers `/waiting-room`. */
export function waitingRoomPages(app: FastifyInstance): void {
  app.get('/waiting-room', { config: { act: false } }, async (request, reply) => {
    const to = pathOfNext(parameter(request, 'next')) ?? start;
    const entry = app.waitingRoom.entry(request);
    if (entry.may) return reply.redirect(signInAddress(request, to), 303);
    if (!entry.ticket) return ticketPage(app, request, reply, to, formErrors({}));
    const standing = app.waitingRoom.standing(entry.ticket);
    if (standing.state === 'admitted') return reply.redirect(signInAddress(request, to), 303);
    return linePage(request, reply, to, standing);
  });

  app.post('/waiting-room', { preHandler: app.csrfProtection }, async (request, reply) => {
    const to = pathOfNext(field(request, 'next')) ?? start;
    const entry = app.waitingRoom.entry(request);
    // Who may come in needs no place, and who has one gets no second.
    if (entry.may || entry.ticket) return reply.redirect(waitingRoomAddress(to), 303);
    const typed = field(request, 'personNumber');
    const person = parsePersonNumber(typed);
    if ('refusal' in person) {
      const personNumber = personNumberError(typed, request.words.t);
      return ticketPage(app, request, reply, to, formErrors({ personNumber }));
    }
    const captcha = await readCaptcha(app, request);
    if (!captcha.ok) return refusalPage(request, reply, captcha.refusal);
    const verdict = await app.captcha.verify(captcha.value);
    if (verdict !== 'accepted') {
      return ticketPage(app, request, reply, to, formErrors({ captcha: request.words.t.captcha.wrong }));
    }
    await app.waitingRoom.draw(reply, person.number);
    return reply.redirect(waitingRoomAddress(to), 303);
  });
}

async function ticketPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  to: string,
  found: FormErrors,
): Promise<FastifyReply> {
  const { t } = request.words;
  return reply.page(
    'waiting-ticket.njk',
    {
      title: t.waiting.ticketTitle,
      back: '/',
      next: nextOf(to),
      values: { personNumber: field(request, 'personNumber') },
      // The proof is worked out while the page is read.
      captcha: { ...captchaView(app, request), auto: 'onload' },
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}

async function linePage(
  request: FastifyRequest,
  reply: FastifyReply,
  to: string,
  standing: Extract<Standing, { state: 'waiting' }>,
): Promise<FastifyReply> {
  const { words } = request;
  const { waiting } = words.t;
  return reply.page('waiting-line.njk', {
    title: waiting.title,
    back: '/',
    next: nextOf(to),
    here: waitingRoomAddress(to),
    ahead: grouped(standing.ahead),
    wait: waitText(standing, words),
    draw: standing.drawnAt === null ? undefined : waiting.draw(words.moment(standing.drawnAt)),
    askAgainSeconds: standing.askAgainSeconds,
    way: Math.round(standing.progress * wayLength),
    wayLength,
  });
}

/** The way to the door, in units of the picture. */
const wayLength = 226;

/** `1,234`. */
function grouped(count: number): string {
  return count.toLocaleString('en');
}

/** The range in whole minutes, as people say it; `web/browser/waiting-room.js` says it in the same way. */
function waitText(
  { fromSeconds, toSeconds }: { readonly fromSeconds: number; readonly toSeconds: number | null },
  { t: { waiting } }: Words,
): string {
  const from = Math.max(1, Math.floor(fromSeconds / 60));
  if (toSeconds === null) return waiting.waitUnknown;
  const to = Math.ceil(toSeconds / 60);
  if (to <= 1) return waiting.waitUnderAMinute;
  return from >= to ? waiting.waitAbout(String(to)) : waiting.waitBetween(String(from), String(to));
}
