/** The app's first page: signing in by this phone, and what one can do once in. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';

import { keyAnswer, passkeyAnswer } from '../../api/device-proof/answers';
import type { ConfirmedPerson } from '../../api/sign-in/way-in';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { refused, type Outcome } from '../../domain/refusal/refusals';
import { groupInRound } from '../../domain/round/round';
import { readPerson } from '../../ledger/person';
import { currentRounds } from '../../ledger/round';
import { field, formErrors, hasErrors, parameter, personNumberError, type FormErrors } from '../forms';
import { nextOf, pathOfNext } from '../local-path';
import { errorsAbove, refusalPage, refusalWords } from '../refusals';
import { comeIn } from '../sign-in/way-page';
import { waitingRoomAddress } from '../waiting-room';
import type { Words } from '../words';
import { appWords } from './frame';

const byPasskey = Compile(passkeyAnswer);
const byKey = Compile(keyAnswer);
const home = '/app';

/** Registers `/app` and `/app/sign-in`. */
export function entryPages(app: FastifyInstance): void {
  app.get('/app', async (request, reply) => {
    if (request.citizen) return homePage(app, request, reply, request.citizen.personKey);
    return signInPage(request, reply, formErrors({}));
  });

  app.get('/app/sign-in', async (_request, reply) => reply.redirect(home, 303));

  app.post('/app/sign-in', { preHandler: app.csrfProtection }, async (request, reply) => {
    const to = pathOfNext(field(request, 'next')) ?? home;
    if (!app.waitingRoom.entry(request, 'counted').may) return reply.redirect(waitingRoomAddress(to), 303);
    const method = field(request, 'method') === 'app-password' ? 'app-password' : 'passkey';
    const found = method === 'app-password' ? typedErrors(request) : formErrors({});
    if (hasErrors(found)) return signInPage(request, reply, found);
    const outcome = await confirmed(app, request, method);
    if (!outcome.ok) {
      if (outcome.refusal.code !== 'appNotConfirmed') return refusalPage(request, reply, outcome.refusal);
      return signInPage(request, reply, errorsAbove(request, outcome.refusal, '#personNumber'), 403);
    }
    request.session.set('app', true);
    return comeIn(app, request, reply, method, outcome.value, to);
  });
}

function typedErrors(request: FastifyRequest): FormErrors {
  const { t } = request.words;
  return formErrors({
    personNumber: personNumberError(field(request, 'personNumber'), t),
    password: field(request, 'password') === '' ? t.app.passwordMissing : undefined,
  });
}

async function confirmed(
  app: FastifyInstance,
  request: FastifyRequest,
  method: 'passkey' | 'app-password',
): Promise<Outcome<ConfirmedPerson>> {
  const device = answerOf(request);
  const from = { address: request.ip, request, captcha: null };
  if (method === 'passkey') {
    if (!byPasskey.Check(device)) return refused({ code: 'deviceNotConfirmed' });
    return app.acts.signIn(method, { device }, from);
  }
  if (!byKey.Check(device)) return refused({ code: 'deviceNotConfirmed' });
  const personNumber = field(request, 'personNumber');
  const password = field(request, 'password').slice(0, 64);
  return app.acts.signIn(method, { personNumber, password, device }, from);
}

/** What this phone's script filled in; undefined when it is no JSON. */
function answerOf(request: FastifyRequest): unknown {
  try {
    return JSON.parse(field(request, 'device'));
  } catch {
    return undefined;
  }
}

async function signInPage(
  request: FastifyRequest,
  reply: FastifyReply,
  found: FormErrors,
  status = hasErrors(found) ? 422 : 200,
): Promise<FastifyReply> {
  const { words } = request;
  const asked = request.method === 'GET' ? parameter(request, 'next') : field(request, 'next');
  const typed = field(request, 'personNumber');
  return reply.page(
    'app/sign-in.njk',
    {
      title: words.t.app.title,
      appWords: appWords(words),
      next: nextOf(pathOfNext(asked) ?? home),
      values: { personNumber: 'refusal' in parsePersonNumber(typed) ? '' : typed },
      ...found,
    },
    status,
  );
}

async function homePage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  personKey: string,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const person = await readPerson(app.ledger, personKey);
  return reply.page('app/home.njk', {
    title: t.app.title,
    appWords: appWords(words),
    name: words.maskedName(person.name),
    number: words.maskedNumber(person.personNumber),
    notice: await standing(app, words, person.priorityGroups),
    ways: [
      { href: '/app/otp', text: t.app.otp, detail: t.app.otpText, main: true },
      { href: '/registration', text: t.service.registration, detail: t.front.registerText },
      { href: '/booking', text: t.service.booking, detail: t.front.bookText },
      { href: '/appointment', text: t.service.appointment, detail: t.app.appointmentText },
      { href: '/app/messages', text: t.app.messages, detail: t.app.messagesText },
      { href: '/app/card', text: t.app.card, detail: t.app.cardText },
      { href: '/account/devices', text: t.devices.title, detail: t.devices.homeText },
    ],
  });
}

/** Who is proved is told plainly whether their turn is now (seed 000, question 2: 您非本期開放登記對象). */
async function standing(
  app: FastifyInstance,
  words: Words,
  priorityGroups: readonly number[],
): Promise<{ readonly title: string; readonly detail: string } | undefined> {
  const { registrations, booking } = currentRounds(await app.rounds(), await app.ledgerNow());
  const open = [...registrations, ...booking];
  if (open.some((round) => groupInRound(round, priorityGroups) !== undefined)) return undefined;
  return refusalWords({ code: open.length === 0 ? 'noOpenRound' : 'notInOpenGroup' }, words);
}
