/** Intent registration (意願登記) on pages: one question a page, everything repeated before it is committed. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { readRegistration, type RegistrationView } from '../ledger/registration';
import { registrationRoundFor } from '../ledger/round';
import { behindSignIn, citizenPage } from './citizen-page';
import { field, formContext, parameter } from './forms';
import {
  answersOf,
  firstOpenQuestion,
  forgetAnswers,
  keepAnswers,
  readAnswers,
} from './registration-answers';
import { openRegistration, type OpenRegistration } from './open-registration';
import { questionPages } from './registration-questions';
import { changedRows, registrationRows, resultPage } from './registration-views';
import { refusalPage } from './refusals';
import { mobileOfAnswers, mobileRepeated } from './station/mobile-shown';

/** Registers `/registration…`. */
export function registrationPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);
  questionPages(app);

  app.get('/registration', page, async (request, reply) => {
    const newest = await newestRegistration(app, request);
    const open = await openRegistration(app, request);
    const inOpenRound = open.ok && newest?.roundId === open.value.round.roundId;
    if (newest && (inOpenRound || !open.ok))
      return resultPage(app, request, reply, newest, parameter(request, 'done'));
    if (!open.ok) return refusalPage(request, reply, open.refusal);
    return reply.redirect(await nextAddress(app, open.value), 303);
  });

  app.post('/registration/again', form, async (request, reply) => {
    const open = await openRegistration(app, request);
    if (!open.ok) return refusalPage(request, reply, open.refusal);
    return reply.redirect(await nextAddress(app, open.value), 303);
  });

  app.post('/registration/change', form, async (request, reply) => {
    const open = await openRegistration(app, request);
    if (!open.ok) return refusalPage(request, reply, open.refusal);
    const { live, personKey } = open.value;
    if (live) await keepAnswers(app.ledger, personKey, answersOf(live));
    return reply.redirect(live ? '/registration/check' : '/registration', 303);
  });

  app.get('/registration/check', page, async (request, reply) => {
    const open = await openRegistration(app, request);
    if (!open.ok) return refusalPage(request, reply, open.refusal);
    return checkPage(app, request, reply, open.value);
  });

  app.post('/registration/check', form, async (request, reply) => {
    const open = await openRegistration(app, request);
    if (!open.ok) return refusalPage(request, reply, open.refusal);
    const { personKey, round, live } = open.value;
    // The form says which answers the person saw, so that another tab cannot slip others under the same button.
    const wish = {
      roundId: round.roundId,
      mobile: mobileOfAnswers(field(request, 'mobile'), live?.mobile, request),
      districtCode: field(request, 'districtCode'),
      products: field(request, 'products').split(',').filter(Boolean),
      mixedIntent: field(request, 'mixedIntent') === 'yes',
      language: request.words.language,
    };
    const outcome = await app.acts.register(formContext(request), wish);
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    await forgetAnswers(app.ledger, personKey);
    // Asked of the ledger, not of what stood before: the second press of a double one reads the same as the first.
    const done = outcome.value.changedAt === null ? 'registered' : 'changed';
    return reply.redirect(`/registration?done=${done}`, 303);
  });

  app.get('/registration/withdraw', page, async (request, reply) => {
    const open = await openRegistration(app, request);
    if (!open.ok) return refusalPage(request, reply, open.refusal);
    const { live, round, person } = open.value;
    if (!live) return refusalPage(request, reply, { code: 'notRegistered' });
    const { t } = request.words;
    return reply.page('registration/withdraw.njk', {
      title: t.registration.withdrawTitle,
      back: '/registration',
      rows: registrationRows(live, round, person, request.words),
    });
  });

  app.post('/registration/withdraw', form, async (request, reply) => {
    const open = await openRegistration(app, request);
    if (!open.ok) return refusalPage(request, reply, open.refusal);
    const outcome = await app.acts.withdraw(formContext(request), { roundId: open.value.round.roundId });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    await forgetAnswers(app.ledger, open.value.personKey);
    return reply.redirect('/registration', 303);
  });
}

/** The first open question, or the page that repeats the answers. */
async function nextAddress(app: FastifyInstance, { personKey, round }: OpenRegistration): Promise<string> {
  const answers = await readAnswers(app.ledger, personKey, round.roundId);
  return `/registration/${firstOpenQuestion(answers) ?? 'check'}`;
}

/** The person's registration in the round that concerns them now, else that of an earlier one. */
async function newestRegistration(
  app: FastifyInstance,
  request: FastifyRequest,
): Promise<RegistrationView | undefined> {
  const { personKey, rounds, person, now } = await citizenPage(app, request);
  const current = registrationRoundFor(rounds, person.priorityGroups, now);
  const found: RegistrationView[] = [];
  for (const round of rounds.filter(({ kind }) => kind === 'rankThenInvite')) {
    const registration = await readRegistration(app.ledger, personKey, round.roundId);
    if (registration) found.push(registration);
  }
  const latest = found.toSorted((a, b) => Date.parse(b.registeredAt) - Date.parse(a.registeredAt))[0];
  return found.find(({ roundId }) => roundId === current?.roundId) ?? latest;
}

async function checkPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  { personKey, round, person, live, priorityGroup }: OpenRegistration,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const answers = await readAnswers(app.ledger, personKey, round.roundId);
  const open = firstOpenQuestion(answers);
  if (open) return reply.redirect(`/registration/${open}`, 303);
  return reply.page('registration/check.njk', {
    title: live ? t.registration.checkTitleChange : t.registration.checkTitle,
    back: live ? '/registration' : '/registration/products',
    round: words.roundName(round),
    live: live !== undefined,
    answers: { ...answers, products: (answers.products ?? []).join(',') },
    mobileAnswer: mobileRepeated(answers.mobile ?? '', live?.mobile, request),
    rows: changedRows(answers, { round, person, priorityGroup, live }, words),
    unchanged: live !== undefined && JSON.stringify(answersOf(live)) === JSON.stringify(answers),
  });
}
