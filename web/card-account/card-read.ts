/** `/account/card/read`: the card is put into the reader of one's own computer and read for the card account. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { letSpeakToBridge } from '../card-bridge-policy';
import { cardProofIn, errorsOfProof } from '../card-reading';
import { checkAddress, hasPassedCheck } from '../environment';
import { field, formErrors, hasErrors, parameter, type FormErrors } from '../forms';
import { errorsAbove, refusalPage } from '../refusals';

const path = '/account/card/read';

/** Where the reading leads. */
const leadsTo = {
  application: '/account/card/application',
  forgotten: '/account/card/forgotten',
  standing: '/account/card',
} as const;
type Wanted = keyof typeof leadsTo;

const wantedOf = (name: string): Wanted => (name in leadsTo ? (name as Wanted) : 'standing');

/** Registers the page. `bridgeUrl` is where the bridge answers on the visitor's computer. */
export function cardReadPages(app: FastifyInstance, { bridgeUrl }: { readonly bridgeUrl: string }): void {
  const page = async (
    request: FastifyRequest,
    reply: FastifyReply,
    wanted: Wanted,
    errors: FormErrors = formErrors({}),
  ): Promise<FastifyReply> => {
    const { t } = request.words;
    letSpeakToBridge(reply, bridgeUrl);
    return reply.page(
      'card-account/read.njk',
      {
        ...{ title: t.cardAccount.read, back: '/account/card', wanted, bridgeUrl, ...errors },
        check: checkAddress('card', `${path}?for=${wanted}`),
      },
      hasErrors(errors) ? 422 : 200,
    );
  };

  app.get(path, async (request, reply) => {
    const wanted = wantedOf(parameter(request, 'for'));
    const here = `${path}?for=${wanted}`;
    if (!hasPassedCheck(request, 'card')) return reply.redirect(checkAddress('card', here), 303);
    return page(request, reply, wanted);
  });

  app.post(path, { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t } = request.words;
    const wanted = wantedOf(field(request, 'for'));
    const proof = cardProofIn(request);
    if (!proof) return page(request, reply, wanted, formErrors({ card: t.cardAccount.notRead }));
    const asked = { proof, origin: app.ownOrigin(request) };
    const outcome = await app.acts.cardAccount.readCard(request, asked);
    if (outcome.ok) return reply.redirect(leadsTo[wanted], 303);
    const again =
      outcome.refusal.code === 'identityNotConfirmed'
        ? errorsAbove(request, outcome.refusal, '#card')
        : errorsOfProof(request, outcome.refusal);
    return again ? page(request, reply, wanted, again) : refusalPage(request, reply, outcome.refusal);
  });
}
