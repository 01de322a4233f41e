/** What some people have to agree to before a dose: a guardian's consent for the young, a mixed intent (混打意願). */
import { ageInRound, permittedProducts } from '../domain/booking/booking-rules';
import {
  isConsentedTo,
  needsParentalConsent,
  type ParentalConsent,
} from '../domain/consent/parental-consent';
import type { Round } from '../domain/round/round';
import type { PersonView } from '../ledger/person';
import type { RegistrationView } from '../ledger/registration';
import type { Words } from './words';

/** A row of what is known; shown only to those whom it concerns. */
interface AgreementRow {
  readonly key: string;
  readonly value: string;
  readonly change?: string;
}

/** The products that this person may be given only with a mixed intent. */
export function mixingProducts(round: Round, person: Pick<PersonView, 'lastDose'>): readonly string[] {
  return permittedProducts(round, person.lastDose)
    .filter(({ needsMixedIntent }) => needsMixedIntent)
    .map(({ product }) => product);
}

/** The mixed intent as one row, with the way to change it where `change` is given. */
export function mixedIntentRow(
  mixedIntent: boolean,
  round: Round,
  person: PersonView,
  { t }: Words,
  change?: string,
): readonly AgreementRow[] {
  if (mixingProducts(round, person).length === 0) return [];
  const value = mixedIntent ? t.registration.mixedIntentYes : t.registration.mixedIntentNo;
  return [{ key: t.registration.mixedIntent, value, ...(change !== undefined && { change }) }];
}

/** Of the registered products those to which no guardian's consent is on record, though this age needs one. */
function productsWithoutConsent(
  view: Pick<RegistrationView, 'products'>,
  round: Round,
  person: PersonView,
  consents: readonly ParentalConsent[],
): readonly string[] {
  const age = ageInRound(round, person.birthDate);
  return view.products.filter((product) => !isConsentedTo(product, age, consents));
}

/** Whether the consent is there, as a row. */
export function consentRow(
  view: RegistrationView,
  round: Round,
  person: PersonView,
  consents: readonly ParentalConsent[],
  words: Words,
): readonly AgreementRow[] {
  const { t } = words;
  if (!needsParentalConsent(ageInRound(round, person.birthDate))) return [];
  const missing = productsWithoutConsent(view, round, person, consents);
  const names = words.list(missing.map((product) => words.product(round, product)));
  const some = missing.length < view.products.length;
  const value =
    missing.length === 0
      ? t.registration.consentRecorded
      : some
        ? t.registration.consentMissingFor(names)
        : t.registration.consentMissing;
  return [{ key: t.registration.consent, value }];
}

/** What is missing and what to do, where a consent is missing that may still come in time; else `undefined`. */
export function consentNotice(
  view: RegistrationView,
  round: Round,
  person: PersonView,
  consents: readonly ParentalConsent[],
  { t, moment }: Words,
): { readonly title: string; readonly text: string } | undefined {
  if (productsWithoutConsent(view, round, person, consents).length === 0) return undefined;
  const { consentNotice: notice } = t.registration;
  switch (view.stage) {
    case 'registered': {
      const until = round.settlesAt === null ? notice.beforeBooking : notice.before(moment(round.settlesAt));
      return { title: notice.title, text: `${notice.what}${until}${notice.how}` };
    }
    case 'invited':
    case 'offered':
      return { title: notice.title, text: `${notice.what}${notice.beforeBooking}${notice.how}` };
    case 'withdrawn':
    case 'booked':
    case 'attended':
    case 'missed':
    case 'lapsed':
    case 'carriedOver':
      return undefined;
  }
}
