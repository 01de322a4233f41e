/** The front page: where each round stands, what one can do, what to bring, what is still starting up. */
import type { FastifyInstance } from 'fastify';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Round } from '../domain/round/round';
import { bookingClosesAt, bookingOpensAt, roundStateAt, type RoundState } from '../ledger/round';
import { readSettledRounds } from '../ledger/settlement-record';
import type { Words } from './words';

export interface FrontOptions {
  /** Is the engine behind reminders and notices connected? */
  readonly engineReady: () => boolean | Promise<boolean>;
}

/** A result is published seconds later without harm; every visitor's page would ask for it. */
const settledKeptMs = 5_000;

/** What `read` answers, asked again when the answer is older than `ms`. */
function keptFor<T>(ms: number, read: () => Promise<T>): () => Promise<T> {
  let kept: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return async () => {
    if (!kept || performance.now() - kept.at > ms) kept = { at: performance.now(), answer: read() };
    return kept.answer.catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
  };
}

/** Registers `/`. */
export function frontPage(app: FastifyInstance, { engineReady }: FrontOptions): void {
  const settledRounds = keptFor(settledKeptMs, () => readSettledRounds(app.ledger.db));
  app.get('/', async (request, reply) => {
    const { words } = request;
    const rounds = await app.rounds();
    const now = await app.ledgerNow();
    const settled = await settledRounds();
    const shown = rounds
      .map((round) => ({ round, state: roundStateAt(round, now) }))
      .filter(({ state }) => state.state !== 'over')
      .toSorted((a, b) => order.indexOf(a.state.state) - order.indexOf(b.state.state));
    const notices = [
      ...(rounds.length === 0 ? [words.t.starting.noRounds] : []),
      ...((await engineReady()) ? [] : [words.t.starting.engine]),
    ];
    return reply.page('front.njk', {
      title: words.t.front.title,
      notices,
      ways: ways(
        words,
        shown.map(({ state }) => state.state),
      ),
      rounds: shown.map(({ round, state }) =>
        roundView(round, state, settled.has(round.roundId), now, words),
      ),
    });
  });
}

/** What concerns people most comes first. */
const order: readonly RoundState['state'][] = [
  'registrationOpen',
  'bookingOpen',
  'settling',
  'bookingNotOpenYet',
  'registrationNotOpenYet',
  'over',
];

function ways({ t }: Words, states: readonly RoundState['state'][]) {
  const booking = states.includes('bookingOpen');
  return [
    {
      href: '/registration',
      text: t.front.register,
      detail: t.front.registerText,
      main: states.includes('registrationOpen'),
    },
    { href: '/booking', text: t.front.book, detail: t.front.bookText, main: booking },
    { href: '/appointment', text: t.front.myAppointment, detail: t.front.myAppointmentText, main: false },
    { href: '/registration', text: t.front.myRegistration, detail: t.front.myRegistrationText, main: false },
    { href: '/appointment/cancel', text: t.front.cancel, detail: t.front.cancelText, main: false },
    { href: '/lookup', text: t.front.lookup, detail: t.front.lookupText, main: false },
    { href: '/waiting-list', text: t.waitingList.title, detail: t.waitingList.frontText, main: false },
    { href: '/app', text: t.app.title, detail: t.app.frontText, main: false },
    { href: '/leftover', text: t.leftover.title, detail: t.leftover.frontText, main: false },
    { href: '/which-way', text: t.whichWay.title, detail: t.whichWay.frontText, main: false },
  ];
}

function roundView(round: Round, state: RoundState, settled: boolean, now: Instant, wordsOfPage: Words) {
  // All of it lies near: without the year two instants fit on a line.
  const words = { ...wordsOfPage, moment: (instant: Instant) => wordsOfPage.nearMoment(instant, now) };
  const { t } = words;
  return {
    name: words.roundName(round),
    open: state.state === 'registrationOpen' || state.state === 'bookingOpen',
    state: stateText(state, words),
    groups: words.list(round.openGroups.map((group) => t.front.group(group))),
    products: words.list(round.products.map(words.productName)),
    steps: steps(round, now, words),
    result: settled ? `/rounds/${round.roundId}/settlement` : undefined,
    windows: round.bookingWindows.map((window) => ({
      product: words.product(round, window.product),
      ages: t.front.ages(window.ageFrom, window.ageTo),
      opens: words.moment(window.opensAt),
      closes: words.moment(window.closesAt),
    })),
  };
}

function stateText(state: RoundState, { t, moment }: Words): string {
  switch (state.state) {
    case 'registrationNotOpenYet':
      return t.front.registrationFrom(moment(state.opensAt));
    case 'registrationOpen':
      return t.front.registrationOpen(moment(state.endsAt));
    case 'settling':
      return t.front.registrationOver;
    case 'bookingNotOpenYet':
      return t.front.bookingFrom(moment(state.opensAt));
    case 'bookingOpen':
      return t.front.bookingOpen(moment(state.closesAt));
    case 'over':
      return t.front.bookingOver;
  }
}

interface Step {
  readonly name: string;
  readonly when: string;
  readonly state: 'done' | 'now' | 'next';
}

function steps(round: Round, now: Instant, { t, moment }: Words): readonly Step[] {
  const { registrationOpensAt, registrationEndsAt, settlesAt } = round;
  const opensAt = bookingOpensAt(round);
  const closesAt = bookingClosesAt(round);
  const list: Step[] = [];
  if (registrationOpensAt !== null && registrationEndsAt !== null && settlesAt !== null) {
    list.push(
      {
        name: t.front.steps.registration,
        when: t.front.fromTo(moment(registrationOpensAt), moment(registrationEndsAt)),
        state: stepState(registrationOpensAt, registrationEndsAt, now),
      },
      {
        name: t.front.steps.settlement,
        when: t.front.settlesAt(moment(settlesAt)),
        state: stepState(registrationEndsAt, settlesAt, now),
      },
    );
  }
  if (opensAt !== null && closesAt !== null) {
    const ranked = registrationOpensAt !== null;
    list.push({
      name: t.front.steps.booking,
      when: `${t.front.fromTo(moment(opensAt), moment(closesAt))}${ranked ? '' : `${t.front.between}${t.front.noRegistration}`}`,
      state: stepState(opensAt, closesAt, now),
    });
  }
  return list;
}

function stepState(from: Instant, to: Instant, now: Instant): Step['state'] {
  if (Date.parse(now) < Date.parse(from)) return 'next';
  return Date.parse(now) < Date.parse(to) ? 'now' : 'done';
}
