/**
 * The card and the insurance as the insurance registry has them (健保卡狀況及領卡紀錄, seed 001): the number of the card
 * in use, for whom theirs is too worn to read, insured or not, arrears, and how and why cards were issued.
 */
import type { FastifyInstance } from 'fastify';

import type { CardStatus } from '../../domain/card-account/card-standing';
import { mayReadCardNumber } from '../../domain/device-binding/device-binding';
import { deviceOfSession } from '../../ledger/app-otp';
import { readPerson } from '../../ledger/person';
import { methodOfSession } from '../../ledger/sign-in';
import { behindSignIn } from '../citizen-page';
import { refusalPage } from '../refusals';
import type { Words } from '../words';

/**
 * Registers `/app/card`. Only a session on a bound device, or by card and password or certificate, is shown the number:
 * with it and an ID number anybody signs in, so it is nothing for a session that came by less.
 */
export function cardStatusPage(app: FastifyInstance): void {
  app.get('/app/card', behindSignIn(app).page, async (request, reply) => {
    const { words } = request;
    const { t } = words;
    const { personKey, sessionId } = request.requireCitizen();
    const method = await methodOfSession(app.ledger.db, sessionId);
    const atReader = method !== undefined && mayReadCardNumber(method);
    if (!atReader) {
      const device = await deviceOfSession(app.ledger.db, personKey, sessionId);
      if (!device.ok) return refusalPage(request, reply, device.refusal);
    }
    const card = await app.acts.readCard(personKey);
    const person = await readPerson(app.ledger, personKey);
    return reply.page(
      'app/card.njk',
      {
        title: t.app.card,
        back: atReader ? '/account' : '/app',
        away: !card.ok,
        rows: card.ok &&
          card.value && [
            { key: t.app.cardName, value: words.maskedName(person.name) },
            { key: t.app.cardNumberOfPerson, value: words.maskedNumber(person.personNumber), figures: true },
            ...standingRows(card.value, words),
            { key: t.app.cardAskedAt, value: words.moment(new Date().toISOString()) },
          ],
        issues: card.ok && card.value ? issueRows(card.value, words) : [],
      },
      card.ok ? 200 : 503,
    );
  });
}

function standingRows(card: CardStatus, { t, day, list }: Words) {
  const { insured, arrears, unsaid } = t.app.standing;
  return [
    {
      key: t.app.cardNumber,
      value: card.cardNumber.replace(/(\d{4})(?=\d)/g, '$1 '),
      figures: true,
      note: t.app.cardNumberNote,
    },
    { key: t.app.standing.insuredTitle, value: card.insured === null ? unsaid : insured[card.insured] },
    {
      key: t.app.standing.lastNotInsured,
      value: card.lastNotInsuredOn === null ? t.app.standing.never : day(card.lastNotInsuredOn),
      note: t.app.standing.lastNotInsuredNote,
    },
    {
      key: t.app.standing.arrearsTitle,
      value: card.hasArrears === null ? unsaid : card.hasArrears ? arrears.yes : arrears.no,
      note: t.app.standing.arrearsNote,
    },
    { key: t.app.cardGroups, value: list(card.priorityGroups.map((group) => t.front.group(group))) },
    {
      key: t.app.standing.reaches,
      value: card.reaches ? t.app.standing.fromTo(day(card.reaches.from), day(card.reaches.to)) : unsaid,
    },
  ];
}

const issueRows = ({ issues }: CardStatus, { t, day }: Words) =>
  issues.map(({ issuedOn, way, reason }) => ({
    day: day(issuedOn),
    way: t.app.standing.ways[way],
    reason: t.app.standing.reasons[reason],
  }));
