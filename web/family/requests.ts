/** `/family-requests`: an elder's word on what their family asks; also where staff of a station hear it. */
import type { FastifyInstance } from 'fastify';

import { readFamily, refuseFamilyHere } from '../../api/family-acts';
import { behindSignIn } from '../citizen-page';
import { field, formContext } from '../forms';
import { refusalPage } from '../refusals';
import { bondWords, uuid } from './list';

/** Registers `/family-requests` and its answer. */
export function requestPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get('/family-requests', page, async (request, reply) => {
    const { words } = request;
    const { t } = words;
    const refusal = refuseFamilyHere(request);
    if (refusal) return refusalPage(request, reply, refusal);
    const { signedInAs, station } = request.requireCitizen();
    const { bonds } = await readFamily(app, signedInAs);
    const requests = bonds.filter(({ role, standing }) => role === 'isActedFor' && standing === 'waiting');
    return reply.page('family/requests.njk', {
      title: t.family.requestsTitle,
      back: station ? '/station/menu' : '/account/family',
      requests: requests.map((bond) => ({
        ...bondWords(bond, words),
        from: t.family.requestFrom(bond.other.maskedName),
        note: t.family.requestNote(words.moment(bond.answerUntil ?? '')),
        rows: [{ key: t.family.kindsForMe.elder, value: bond.other.maskedName }],
      })),
    });
  });

  app.post('/family-requests/answer', form, async (request, reply) => {
    const familyBondId = field(request, 'bond');
    const agreed = field(request, 'answer') === 'agree';
    if (!uuid.test(familyBondId)) return refusalPage(request, reply, { code: 'familyBondUnknown' });
    const outcome = await app.acts.family.answerFamilyRequest(formContext(request), { familyBondId, agreed });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    if (request.requireCitizen().station) return reply.redirect('/family-requests', 303);
    return reply.redirect(`/account/family?done=${agreed ? 'agreed' : 'declined'}`, 303);
  });
}
