/** The answers of an intent registration that is under way: kept sealed in the ledger until they are committed. */
import { districtsOf, findCounty, findDistrict } from '../domain/area/area';
import { parseMobile } from '../domain/person-number/mobile';
import type { Ledger } from '../ledger/database';
import { dropDraft, readDraft, saveDraft } from '../ledger/draft';
import type { RegistrationView } from '../ledger/registration';

/** What was answered so far; what is absent was not asked yet. */
export interface RegistrationAnswers {
  readonly roundId: string;
  readonly mobile?: string;
  readonly countyCode?: string;
  readonly districtCode?: string;
  readonly products?: readonly string[];
  /** There only when it was said. */
  readonly mixedIntent?: 'yes';
}

/** The questions in their order, by their addresses. */
export const questions = ['mobile', 'area', 'district', 'products'] as const;
export type Question = (typeof questions)[number];

/** The answers kept for this round; those of an earlier round are of no use. */
export async function readAnswers(
  ledger: Ledger,
  personKey: string,
  roundId: string,
): Promise<RegistrationAnswers> {
  const draft = await readDraft(ledger, personKey, 'registration');
  if (draft?.['roundId'] !== roundId) return { roundId };
  const { mobile, countyCode, districtCode, products, mixedIntent } = draft;
  return {
    roundId,
    ...(typeof mobile === 'string' && { mobile }),
    ...(typeof countyCode === 'string' && { countyCode }),
    ...(typeof districtCode === 'string' && { districtCode }),
    ...(Array.isArray(products) && { products: products.map(String) }),
    ...(mixedIntent === 'yes' && { mixedIntent: 'yes' as const }),
  };
}

/** Keeps the answers in place of those before. */
export async function keepAnswers(
  ledger: Ledger,
  personKey: string,
  answers: RegistrationAnswers,
): Promise<void> {
  await saveDraft(ledger, personKey, 'registration', { ...answers });
}

/** Forgets them once they are committed. */
export async function forgetAnswers(ledger: Ledger, personKey: string): Promise<void> {
  await dropDraft(ledger, personKey, 'registration');
}

/** The answers that a live registration holds, to change them. */
export function answersOf(registration: RegistrationView): RegistrationAnswers {
  const { roundId, mobile, countyCode, districtCode, products, mixedIntent } = registration;
  return {
    roundId,
    mobile,
    countyCode,
    districtCode,
    products,
    ...(mixedIntent && { mixedIntent: 'yes' as const }),
  };
}

/** The first question that has no usable answer; `undefined` when all have one. */
export function firstOpenQuestion(answers: RegistrationAnswers): Question | undefined {
  return questions.find((question) => !isAnswered(question, answers));
}

function isAnswered(question: Question, answers: RegistrationAnswers): boolean {
  switch (question) {
    case 'mobile':
      return answers.mobile !== undefined && 'mobile' in parseMobile(answers.mobile);
    case 'area':
      return answers.countyCode !== undefined && findCounty(answers.countyCode) !== undefined;
    case 'district': {
      const district = answers.districtCode === undefined ? undefined : findDistrict(answers.districtCode);
      return district !== undefined && district.countyCode === answers.countyCode;
    }
    case 'products':
      return (answers.products ?? []).length > 0;
  }
}

/** Takes a county over; a district of another county goes with it. */
export function withCounty(answers: RegistrationAnswers, countyCode: string): RegistrationAnswers {
  if (answers.countyCode === countyCode) return answers;
  const { districtCode: _, ...others } = answers;
  return { ...others, countyCode };
}

/** True for a district of that county. */
export function isDistrictOf(districtCode: string, countyCode: string | undefined): boolean {
  return countyCode !== undefined && districtsOf(countyCode).some(({ code }) => code === districtCode);
}
