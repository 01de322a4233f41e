/** Questions and answers (常見問題) about proving who one is. Each also stands on the page where its problem arises. */
import type { FastifyInstance } from 'fastify';

import type { Words } from './words';

type HelpId = keyof Words['t']['help']['items'];
type HelpGroup = keyof Words['t']['help']['groups'];

/** What stands where on the page; each answer once. */
export const helpGroups: Readonly<Record<HelpGroup, readonly HelpId[]>> = {
  password: ['forgottenPassword', 'taxPassword'],
  phone: ['ownPhone', 'whichPhonesFail', 'noCodeArrives', 'unlock', 'timeout', 'deviceCode', 'noReader'],
  card: ['cardNumber', 'householdNumber', 'whyProve'],
  service: ['notInGroup', 'otherPlaces', 'fraud', 'whomToCall'],
};

/** Registers `/help`. */
export function helpPage(app: FastifyInstance): void {
  app.get('/help', async (request, reply) => {
    const { help } = request.words.t;
    return reply.page('help.njk', {
      title: help.title,
      back: '/',
      groups: Object.entries(helpGroups).map(([group, items]) => ({
        title: help.groups[group as HelpGroup],
        items,
      })),
    });
  });
}
