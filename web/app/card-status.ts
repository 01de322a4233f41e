/** The card as the insurance registry has it (健保卡狀態): the number of the one in use, for whom theirs is too worn to read. */
import type { FastifyInstance } from 'fastify';

import { deviceOfSession } from '../../ledger/app-otp';
import { readPerson } from '../../ledger/person';
import { behindSignIn } from '../citizen-page';
import { refusalPage } from '../refusals';

/**
 * Registers `/app/card`. Only a session on a bound device is shown the number: with it and an ID number anybody signs
 * in, so it is nothing for a session that came by less.
 */
export function cardStatusPage(app: FastifyInstance): void {
  app.get('/app/card', behindSignIn(app).page, async (request, reply) => {
    const { words } = request;
    const { t } = words;
    const { personKey, sessionId } = request.requireCitizen();
    const device = await deviceOfSession(app.ledger.db, personKey, sessionId);
    if (!device.ok) return refusalPage(request, reply, device.refusal);
    const card = await app.acts.readCard(personKey);
    if (!card.ok) return refusalPage(request, reply, card.refusal);
    const person = await readPerson(app.ledger, personKey);
    const rows = card.value && [
      { key: t.app.cardName, value: words.maskedName(person.name) },
      { key: t.app.cardNumberOfPerson, value: words.maskedNumber(person.personNumber), figures: true },
      {
        key: t.app.cardNumber,
        value: card.value.cardNumber.replace(/(\d{4})(?=\d)/g, '$1 '),
        figures: true,
        note: t.app.cardNumberNote,
      },
      {
        key: t.app.cardGroups,
        value: words.list(card.value.priorityGroups.map((group) => t.front.group(group))),
      },
      { key: t.app.cardAskedAt, value: words.moment(new Date().toISOString()) },
    ];
    return reply.page('app/card.njk', { title: t.app.card, back: '/app', rows });
  });
}
