/** A registration as its pages show it: masked rows, what happens next, what can be done beside it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { mayRegister } from '../domain/booking/booking-rules';
import type { Round } from '../domain/round/round';
import { readParentalConsents } from '../ledger/parental-consent';
import { readPerson, type PersonView } from '../ledger/person';
import type { RegistrationView } from '../ledger/registration';
import { findRefusedMobile } from '../ledger/refused-mobile';
import { getRound } from '../ledger/round';
import { readStandings, standingBehind } from '../ledger/settlement-standing';
import { readOwnWaitingList } from '../ledger/waiting-list';
import { consentNotice, consentRow, mixedIntentRow } from './registration-agreements';
import type { RegistrationAnswers } from './registration-answers';
import { whyView } from './settlement-views';
import type { Words } from './words';

export interface Row {
  readonly key: string;
  readonly value: string;
  readonly note?: string;
  readonly change?: string;
  readonly figures?: boolean;
}

/** All of a registration, masked, for the result and for what is asked back. */
export function registrationRows(
  view: RegistrationView,
  round: Round,
  person: PersonView,
  words: Words,
): Row[] {
  const { t } = words;
  return [
    { key: t.registration.registeredAt, value: words.moment(view.registeredAt) },
    ...(view.changedAt === null
      ? []
      : [{ key: t.registration.changedAt, value: words.moment(view.changedAt) }]),
    ...identityRows(person, view.priorityGroup, words),
    { key: t.registration.mobile, value: words.maskedMobile(view.mobile), figures: true },
    { key: t.registration.area, value: words.area(view.districtCode) },
    { key: t.registration.products, value: productNames(view.products, round, words) },
    ...mixedIntentRow(view.mixedIntent, round, person, words),
  ];
}

function identityRows(person: PersonView, priorityGroup: number, words: Words): Row[] {
  const { t } = words;
  return [
    {
      key: t.registration.identity,
      value: words.maskedNumber(person.personNumber),
      note: t.front.group(priorityGroup),
      figures: true,
    },
    { key: t.registration.name, value: words.maskedName(person.name) },
  ];
}

function productNames(products: readonly string[], round: Round, words: Words): string {
  return words.list(products.map((product) => words.product(round, product)));
}

interface Checked {
  readonly round: Round;
  readonly person: PersonView;
  readonly priorityGroup: number;
  readonly live: RegistrationView | undefined;
}

/** The answers before they are committed, each with its way back to the question; what a change replaces stands by it. */
export function changedRows(answers: RegistrationAnswers, checked: Checked, words: Words): Row[] {
  const { t } = words;
  const { round, live } = checked;
  const was = (before: string | undefined, now: string): { note?: string } =>
    before === undefined || before === now ? {} : { note: `${t.registration.before}${before}` };
  const area = words.area(answers.districtCode ?? '');
  const products = productNames(answers.products ?? [], round, words);
  return [
    ...identityRows(checked.person, checked.priorityGroup, words),
    {
      key: t.registration.area,
      value: area,
      change: '/registration/area?then=check',
      ...was(live && words.area(live.districtCode), area),
    },
    {
      key: t.registration.products,
      value: products,
      change: '/registration/products?then=check',
      ...was(live && productNames(live.products, round, words), products),
    },
    ...mixedIntentRow(
      answers.mixedIntent !== undefined,
      round,
      checked.person,
      words,
      '/registration/products?then=check',
    ),
  ];
}

/** The result page: of a registration just made or changed, of one found again, of one withdrawn. */
export async function resultPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  view: RegistrationView,
  done: string,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const { personKey } = request.requireCitizen();
  const person = await readPerson(app.ledger, personKey);
  const round = await getRound(app.ledger.db, view.roundId);
  const now = await app.ledgerNow();
  const consents = await readParentalConsents(app.ledger.db, personKey);
  const open = mayRegister(round, person, now).ok;
  const withdrawn = view.stage === 'withdrawn';
  const standings = await readStandings(app.ledger.db, personKey);
  const standing = withdrawn ? undefined : standingBehind(standings, view);
  const why = standing && (await whyView(app, standing, words));
  const doneTitles: Readonly<Record<string, string>> = {
    registered: t.registration.doneTitle,
    changed: t.registration.doneChangedTitle,
  };
  const doneTitle = withdrawn ? undefined : doneTitles[done];
  return reply.page('registration/result.njk', {
    title: withdrawn ? t.registration.withdrawnTitle : (doneTitle ?? t.registration.resultTitle),
    done: doneTitle !== undefined,
    returnTo: '/registration',
    round: words.roundName(round),
    number: words.number(view.registrationNumber),
    rows: [
      ...registrationRows(view, round, person, words),
      ...consentRow(view, round, person, consents, words),
    ],
    consentNotice: consentNotice(view, round, person, consents, words),
    refusedMobile: await refusedMobileNotice(app, personKey, words),
    why,
    hasStandings: standings.length > 0,
    withdrawn,
    open,
    mayChange: open && view.stage === 'registered',
    next: nextSteps(view, round, { open, settled: why?.roundId === view.roundId }, words),
    way: wayOn(view, await mayWait(app, personKey, view), words),
  });
}

/** What to read when no text reaches the person; undefined when nothing was refused. */
export async function refusedMobileNotice(
  app: FastifyInstance,
  personKey: string,
  { t, maskedMobile }: Words,
): Promise<{ readonly title: string; readonly text: string } | undefined> {
  const mobile = await findRefusedMobile(app.ledger, personKey);
  if (mobile === undefined) return undefined;
  const { title, text } = t.registration.refusedMobile;
  return { title, text: text(maskedMobile(mobile)) };
}

function nextSteps(
  view: RegistrationView,
  round: Round,
  { open, settled }: { readonly open: boolean; readonly settled: boolean },
  { t, moment }: Words,
): string[] {
  const { next } = t.registration;
  switch (view.stage) {
    case 'registered':
      if (settled) return [next.carry, next.settled];
      return [
        ...(round.settlesAt === null ? [] : [next.waiting(moment(round.settlesAt))]),
        next.sms,
        next.carry,
        ...(open && round.registrationEndsAt !== null
          ? [next.until(moment(round.registrationEndsAt))]
          : [next.settled]),
      ];
    case 'offered':
      return [next.offered, next.carry];
    case 'invited':
      return [next.invited, next.settled];
    case 'booked':
      return [next.booked];
    case 'withdrawn':
      return [];
    case 'attended':
      return [next.attended];
    case 'missed':
    case 'lapsed':
    case 'carriedOver':
      return [next.carry];
  }
}

/** Is the round settled and the person's turn not come? Then there is the waiting list. */
async function mayWait(
  app: FastifyInstance,
  personKey: string,
  { roundId, stage }: RegistrationView,
): Promise<boolean> {
  if (stage !== 'registered') return false;
  const own = await readOwnWaitingList(app.ledger.db, personKey);
  return own?.roundId === roundId && own.settled;
}

function wayOn(
  view: RegistrationView,
  mayWait: boolean,
  { t }: Words,
): { href: string; text: string } | undefined {
  if (mayWait) return { href: '/waiting-list', text: t.waitingList.title };
  if (view.stage === 'invited') return { href: '/booking', text: t.registration.goBook };
  if (view.stage === 'booked') return { href: '/appointment', text: t.registration.goAppointment };
  if (view.stage === 'offered') return { href: '/waiting-list', text: t.waitingList.goAnswer };
  return undefined;
}
