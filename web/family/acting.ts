/** `/account/family/acting`: for whom the pages act from now on, a parent's consent, and the way back to oneself. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { mayActForHere } from '../../api/plugins/acting-for';
import { ageOn, taipeiDateOf } from '../../domain/civil-time/plain-date';
import { needsParentalConsent } from '../../domain/consent/parental-consent';
import { readParentalConsents } from '../../ledger/parental-consent';
import { readPerson } from '../../ledger/person';
import { behindSignIn } from '../citizen-page';
import { field, formContext } from '../forms';
import { refusalPage } from '../refusals';
import { bondOf, uuid } from './list';

/** Registers `/account/family/acting`, `/account/family/self` and `/account/family/consent`. */
export function actingPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.post('/account/family/acting', form, async (request, reply) => {
    const familyBondId = field(request, 'bond');
    if (!uuid.test(familyBondId)) return refusalPage(request, reply, { code: 'familyBondUnknown' });
    const acting = await request.actUnder(familyBondId);
    const bond = acting.ok ? await bondOf(app, request, familyBondId) : undefined;
    if (!acting.ok) return refusalPage(request, reply, acting.refusal);
    request.session.set('actingFor', {
      ...{ familyBondId, byKey: acting.value.signedInAs, forKey: acting.value.personKey },
      maskedName: bond?.other.maskedName ?? '',
    });
    return reply.redirect('/account/family/acting', 303);
  });

  app.get('/account/family/acting', page, async (request, reply) => {
    const { t, maskedName } = request.words;
    const chosen = request.session.get('actingFor');
    if (!chosen) return reply.redirect('/account/family', 303);
    const acting = await request.actUnder(chosen.familyBondId);
    if (!acting.ok) {
      request.session.set('actingFor', undefined);
      return refusalPage(request, reply, acting.refusal);
    }
    const person = await readPerson(app.ledger, acting.value.personKey);
    const age = ageOn(person.birthDate, taipeiDateOf(await app.ledgerNow()));
    const isParent = acting.value.actingFor?.kind === 'child';
    return reply.page('family/acting.njk', {
      title: t.family.actingTitle(maskedName(person.name)),
      back: '/account/family',
      actions: [
        { href: '/registration', text: t.service.registration },
        { href: '/booking', text: t.service.booking },
        { href: '/appointment', text: t.service.appointment },
        { href: '/waiting-list', text: t.waitingList.title },
      ],
      asksConsent: isParent && (needsParentalConsent(age) || needsParentalConsent(age + 1)),
      consented: (await readParentalConsents(app.ledger.db, person.personKey)).length > 0,
      bond: chosen.familyBondId,
    });
  });

  app.post('/account/family/consent', form, async (request, reply) => {
    const familyBondId = field(request, 'bond');
    if (!uuid.test(familyBondId)) return refusalPage(request, reply, { code: 'familyBondUnknown' });
    const context = await request.contextUnder(familyBondId, 'web');
    if (!context.ok) return refusalPage(request, reply, context.refusal);
    const { idempotency } = formContext(request);
    const outcome = await app.acts.family.consentForChild(
      { ...context.value, ...(idempotency && { idempotency }) },
      { product: null, given: field(request, 'given') === 'yes' },
    );
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/account/family/acting', 303);
  });

  app.post('/account/family/self', form, async (request, reply) => {
    request.session.set('actingFor', undefined);
    return reply.redirect('/account/family?done=self', 303);
  });
}

/** What the page's frame says while one acts for somebody; undefined when one does not. */
export function actingStrip(request: FastifyRequest) {
  const chosen = request.session.get('actingFor');
  if (!chosen || !request.citizen || request.citizen.station) return undefined;
  const { t } = request.words;
  const { maskedName } = chosen;
  const here = mayActForHere(request.url) || request.url.startsWith('/account/family/acting');
  return { text: here ? t.family.strip(maskedName) : t.family.stripOwn(maskedName), here };
}

const separator = '~';

/** A form's secret says for whom its page was made: in another tab one may have switched since. */
export function markedForm(request: FastifyRequest, secret: string): string {
  return `${secret}${separator}${request.session.get('actingFor')?.familyBondId ?? ''}`;
}

/** A hook before the forms' own: refuses what was filled in for somebody else than the one for whom one acts now. */
export async function formForSamePerson(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const body = request.body as { _csrf?: unknown } | null | undefined;
  if (request.method !== 'POST' || typeof body?._csrf !== 'string') return undefined;
  const [secret = '', madeFor = ''] = body._csrf.split(separator);
  body._csrf = secret;
  if (!mayActForHere(request.url)) return undefined;
  if (madeFor === (request.session.get('actingFor')?.familyBondId ?? '')) return undefined;
  return refusalPage(request, reply, { code: 'actingForChanged' });
}
