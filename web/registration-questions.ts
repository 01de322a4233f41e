/** The questions of an intent registration, one page each: mobile, county, district, vaccines. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { counties, districtsOf, findCounty } from '../domain/area/area';
import { permittedProducts } from '../domain/booking/booking-rules';
import { parseMobile } from '../domain/person-number/mobile';
import { behindSignIn, type KeepAnswers } from './citizen-page';
import { field, fieldValues, formErrors, hasErrors, parameter, type FormErrors } from './forms';
import {
  isDistrictOf,
  keepAnswers,
  questions,
  readAnswers,
  withCounty,
  type Question,
  type RegistrationAnswers,
} from './registration-answers';
import { mixingProducts } from './registration-agreements';
import { openRegistration, openRegistrationOf, type OpenRegistration } from './open-registration';
import { refusalPage } from './refusals';
import { mobileShown } from './station/mobile-shown';

/** A question: what its page shows, and what an answer that was sent comes to. */
interface QuestionPage {
  readonly view: (open: OpenRegistration, answers: RegistrationAnswers, request: FastifyRequest) => object;
  readonly read: (
    request: FastifyRequest,
    answers: RegistrationAnswers,
    open: OpenRegistration,
  ) => { readonly errors: FormErrors } | { readonly answers: RegistrationAnswers };
}

const pages: Readonly<Record<Question, QuestionPage>> = {
  mobile: {
    view: (_open, answers, request) => ({
      title: request.words.t.registration.mobileTitle,
      ...mobileShown(answers.mobile, request),
    }),
    read(request, answers) {
      const { t } = request.words;
      const typed = field(request, 'mobile');
      const parsed = parseMobile(typed);
      if ('mobile' in parsed) return { answers: { ...answers, mobile: parsed.mobile } };
      return { errors: formErrors({ mobile: typed === '' ? t.fields.mobileMissing : t.fields.mobileWrong }) };
    },
  },
  area: {
    view: (_open, answers, { words: { t, language } }) => ({
      title: t.registration.countyTitle,
      items: [
        { value: '', text: t.registration.countyNone },
        ...counties.map((county) => ({
          value: county.code,
          text: county[language],
          selected: county.code === answers.countyCode,
        })),
      ],
    }),
    read(request, answers) {
      const countyCode = field(request, 'county');
      if (findCounty(countyCode)) return { answers: withCounty(answers, countyCode) };
      return { errors: formErrors({ county: request.words.t.fields.countyMissing }) };
    },
  },
  district: {
    view: (_open, answers, { words }) => ({
      title: words.t.registration.districtTitle(words.county(answers.countyCode ?? '')),
      items: [
        { value: '', text: words.t.registration.districtNone },
        ...districtsOf(answers.countyCode ?? '').map((district) => ({
          value: district.code,
          text: district[words.language],
          selected: district.code === answers.districtCode,
        })),
      ],
    }),
    read(request, answers) {
      const districtCode = field(request, 'district');
      if (isDistrictOf(districtCode, answers.countyCode)) return { answers: { ...answers, districtCode } };
      return { errors: formErrors({ district: request.words.t.fields.districtMissing }) };
    },
  },
  products: {
    view({ round, person }, answers, { words }) {
      const { t } = words;
      const mixing = mixingProducts(round, person);
      // What takes an agreement of its own is never ticked beforehand.
      const preselected = (product: string): boolean =>
        round.allProductsPreselected && !mixing.includes(product);
      return {
        title: t.registration.productsTitle,
        preselected: round.allProductsPreselected && mixing.length === 0,
        items: permittedProducts(round, person.lastDose).map(({ product, earliestOn }) => ({
          value: product,
          text: words.product(round, product),
          checked: answers.products?.includes(product) ?? preselected(product),
          hint: hintOf([
            ...(mixing.includes(product) ? [t.registration.mixingHint] : []),
            ...(earliestOn === null ? [] : [t.registration.earliestOn(words.day(earliestOn))]),
          ]),
        })),
        mixing: mixing.length > 0 && {
          title: t.registration.mixedIntentTitle,
          hint: t.registration.mixedIntentHint(
            words.product(round, person.lastDose?.product ?? ''),
            words.list(mixing.map((product) => words.product(round, product))),
          ),
          items: [
            {
              value: 'yes',
              text: t.registration.mixedIntentLabel,
              checked: answers.mixedIntent !== undefined,
            },
          ],
        },
      };
    },
    read(request, answers, { round, person }) {
      const { fields } = request.words.t;
      const products = fieldValues(request, 'products');
      const mixedIntent = field(request, 'mixedIntent') === 'yes';
      if (products.length === 0) return { errors: formErrors({ products: fields.productMissing }) };
      const mixing = mixingProducts(round, person);
      if (!mixedIntent && products.some((product) => mixing.includes(product))) {
        return { errors: formErrors({ mixedIntent: fields.mixedIntentMissing }) };
      }
      const { mixedIntent: _, ...others } = answers;
      return { answers: { ...others, products, ...(mixedIntent && { mixedIntent: 'yes' as const }) } };
    },
  },
};

const hintOf = (sentences: readonly string[]) =>
  sentences.length === 0 ? undefined : { text: sentences.join(' ') };

/** Registers `/registration/mobile`, `/area`, `/district`, `/products`. */
export function questionPages(app: FastifyInstance): void {
  const { page, keepingForm } = behindSignIn(app);
  for (const question of questions) {
    const address = `/registration/${question}`;

    app.get(address, page, async (request, reply) => {
      const open = await openRegistration(app, request);
      if (!open.ok) return refusalPage(request, reply, open.refusal);
      const answers = await readAnswers(app.ledger, open.value.personKey, open.value.round.roundId);
      return questionPage(request, reply, question, open.value, answers, formErrors({}));
    });

    // The session ended while the question was being answered: the answer is kept, the next question comes after
    // signing in; an answer that was wrong is asked again.
    const keep: KeepAnswers = async (request, personKey) => {
      const open = await openRegistrationOf(app, personKey);
      if (!open.ok) return address;
      const before = await readAnswers(app.ledger, personKey, open.value.round.roundId);
      const read = pages[question].read(request, before, open.value);
      if ('errors' in read) return address;
      await keepAnswers(app.ledger, personKey, read.answers);
      return following(question, parameter(request, 'then') === 'check');
    };

    app.post(address, keepingForm(keep), async (request, reply) => {
      const open = await openRegistration(app, request);
      if (!open.ok) return refusalPage(request, reply, open.refusal);
      const { personKey, round } = open.value;
      const before = await readAnswers(app.ledger, personKey, round.roundId);
      const read = pages[question].read(request, before, open.value);
      if ('errors' in read) return questionPage(request, reply, question, open.value, before, read.errors);
      await keepAnswers(app.ledger, personKey, read.answers);
      return reply.redirect(following(question, parameter(request, 'then') === 'check'), 303);
    });
  }
}

/** Whoever came from the page that repeats the answers goes back there, after the district when the county changed. */
function following(question: Question, backToCheck: boolean): string {
  const then = backToCheck ? '?then=check' : '';
  if (question === 'area') return `/registration/district${then}`;
  if (backToCheck) return '/registration/check';
  const next = questions[questions.indexOf(question) + 1];
  return next === undefined ? '/registration/check' : `/registration/${next}`;
}

async function questionPage(
  request: FastifyRequest,
  reply: FastifyReply,
  question: Question,
  open: OpenRegistration,
  answers: RegistrationAnswers,
  found: FormErrors,
): Promise<FastifyReply> {
  const { words } = request;
  const backToCheck = parameter(request, 'then') === 'check';
  // A district without its county cannot be asked.
  if (question === 'district' && answers.countyCode === undefined)
    return reply.redirect('/registration/area', 303);
  const view = pages[question].view(open, answers, request) as { title: string };
  if (question === 'products' && 'items' in view && Array.isArray(view.items) && view.items.length === 0) {
    const previousProduct = open.person.lastDose?.product ?? '';
    return refusalPage(request, reply, { code: 'productNotAfterPreviousDose', previousProduct });
  }
  const place = questions.indexOf(question);
  const before = questions[place - 1];
  return reply.page(
    `registration/${question}.njk`,
    {
      ...view,
      ...found,
      action: `/registration/${question}${backToCheck ? '?then=check' : ''}`,
      returnTo: `/registration/${question}${backToCheck ? '?then=check' : ''}`,
      step: words.t.registration.step(place + 1, questions.length),
      back: backToCheck ? '/registration/check' : before ? `/registration/${before}` : '/',
      ...(question === 'mobile' && hasErrors(found) && { value: field(request, 'mobile') }),
    },
    hasErrors(found) ? 422 : 200,
  );
}
