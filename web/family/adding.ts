/** `/account/family/child` and `/account/family/elder`: naming a child, asking an elder. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { dateAsTyped } from '../../domain/civil-time/typed-date';
import type { Refusal } from '../../domain/refusal/refusals';
import { behindSignIn } from '../citizen-page';
import { field, formContext, formErrors, hasErrors, personNumberError, type FormErrors } from '../forms';
import { refusalPage, refusalWords } from '../refusals';
import { cardNumberError } from '../sign-in/card-number';

/** What is said beside the form, so that what was typed can be looked over. */
const besideTheForm: ReadonlySet<Refusal['code']> = new Set(['familyNotConfirmed', 'familyChildGrownUp']);

export function addingPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get('/account/family/child', page, async (request, reply) => childPage(request, reply, formErrors({})));

  app.post('/account/family/child', form, async (request, reply) => {
    const typed = { personNumber: field(request, 'personNumber'), cardNumber: field(request, 'cardNumber') };
    const { t } = request.words;
    const found = formErrors({
      personNumber: personNumberError(typed.personNumber, t),
      cardNumber: cardNumberError(typed.cardNumber, t),
    });
    if (hasErrors(found)) return childPage(request, reply, found);
    const outcome = await app.acts.family.takeChild(request, formContext(request), typed);
    if (!outcome.ok) return refusedBeside(request, reply, outcome.refusal, childPage);
    return reply.redirect('/account/family?done=child', 303);
  });

  app.get('/account/family/elder', page, async (request, reply) => elderPage(request, reply, formErrors({})));

  app.post('/account/family/elder', form, async (request, reply) => {
    const { t } = request.words;
    const personNumber = field(request, 'personNumber');
    const typed = typedDate(request);
    const birthDate = dateAsTyped(typed);
    const untouched = Object.values(typed).every((part) => part === '');
    const found = formErrors({
      personNumber: personNumberError(personNumber, t),
      'birthDate-year': untouched
        ? t.fields.birthDateMissing
        : birthDate === undefined
          ? t.fields.birthDateWrong
          : undefined,
    });
    if (hasErrors(found) || birthDate === undefined) return elderPage(request, reply, found);
    const outcome = await app.acts.family.askElder(request, formContext(request), {
      personNumber,
      birthDate,
    });
    if (!outcome.ok) return refusedBeside(request, reply, outcome.refusal, elderPage);
    return reply.redirect('/account/family?done=elder', 303);
  });
}

type Form = (request: FastifyRequest, reply: FastifyReply, found: FormErrors) => Promise<FastifyReply>;

async function refusedBeside(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  form: Form,
): Promise<FastifyReply> {
  if (!besideTheForm.has(refusal.code)) return refusalPage(request, reply, refusal);
  const { title, detail } = refusalWords(refusal, request.words);
  return form(request, reply, { fieldErrors: {}, errors: [{ text: title, detail, href: '#personNumber' }] });
}

const childPage: Form = async (request, reply, found) => {
  const { t } = request.words;
  return reply.page(
    'family/child.njk',
    {
      title: t.family.childTitle,
      back: '/account/family',
      values: { personNumber: field(request, 'personNumber') },
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
};

const elderPage: Form = async (request, reply, found) => {
  const { t } = request.words;
  return reply.page(
    'family/elder.njk',
    {
      title: t.family.elderTitle,
      back: '/account/family',
      values: { personNumber: field(request, 'personNumber'), ...typedDate(request) },
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
};

const typedDate = (request: FastifyRequest) => ({
  year: field(request, 'birthDate-year'),
  month: field(request, 'birthDate-month'),
  day: field(request, 'birthDate-day'),
});
