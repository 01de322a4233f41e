/** `/account/card/read`: the card is put into the reader of one's own computer and read for the card account. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';

import { cardProof } from '../../api/card-proof-schema';
import type { CardProof } from '../../domain/card-proof/card-proof';
import { letSpeakToBridge } from '../card-bridge-policy';
import { field, formErrors, hasErrors, parameter, type FormErrors } from '../forms';
import { refusalPage, refusalWords } from '../refusals';

const proofCheck = Compile(cardProof);

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
      { title: t.cardAccount.read, back: '/account/card', wanted, bridgeUrl, ...errors },
      hasErrors(errors) ? 422 : 200,
    );
  };

  app.get('/account/card/read', async (request, reply) =>
    page(request, reply, wantedOf(parameter(request, 'for'))),
  );

  app.post('/account/card/read', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t } = request.words;
    const wanted = wantedOf(field(request, 'for'));
    const proof = proofOf(request);
    if (!proof) return page(request, reply, wanted, formErrors({ card: t.cardAccount.notRead }));
    const asked = { proof, origin: app.ownOrigin(request) };
    const outcome = await app.acts.cardAccount.readCard(request, asked);
    if (outcome.ok) return reply.redirect(leadsTo[wanted], 303);
    if (!mendedByReading.has(outcome.refusal.code)) return refusalPage(request, reply, outcome.refusal);
    const { title, detail } = refusalWords(outcome.refusal, request.words);
    return page(request, reply, wanted, {
      fieldErrors: {},
      errors: [{ text: title, detail, href: '#card' }],
    });
  });
}

/** What another reading mends is said on the page; anything else has a page of its own. */
const mendedByReading: ReadonlySet<string> = new Set([
  ...([
    'cardProofInvalid',
    'cardChallengeUnknown',
    'cardChallengeOfOtherSession',
    'cardChallengeSpent',
  ] as const),
  ...([
    'cardChallengeExpired',
    'cardReadBeforeAsked',
    'cardBridgeClockWrong',
    'identityNotConfirmed',
  ] as const),
]);

function proofOf(request: FastifyRequest): CardProof | undefined {
  try {
    const read: unknown = JSON.parse(field(request, 'cardProof'));
    return proofCheck.Check(read) ? read : undefined;
  } catch {
    return undefined;
  }
}
