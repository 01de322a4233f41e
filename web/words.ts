/** What templates may call: the formats of `formats.ts`, bound to the language of the page. */
import { maskMobile, maskName, maskPersonNumber } from '../domain/person-number/masks';
import type { Round, VaccineProduct } from '../domain/round/round';
import * as formats from './formats';
import { textsIn, type Language } from './language';

/** Formats and texts in one language. */
export function wordsIn(language: Language) {
  return {
    language,
    t: textsIn(language),
    day: (date: string) => formats.day(date, language),
    moment: (instant: string) => formats.moment(instant, language),
    nearMoment: (instant: string, now: string) => formats.nearMoment(instant, now, language),
    hour: formats.hour,
    clock: formats.clock,
    window: (startsAt: string, endsAt: string) => formats.window(startsAt, endsAt, language),
    hours: formats.hours,
    area: (districtCode: string) => formats.area(districtCode, language),
    county: (countyCode: string) => formats.countyName(countyCode, language),
    list: (items: readonly string[]) => formats.list(items, language),
    productName: (product: VaccineProduct) => (language === 'zh' ? product.nameZh : product.nameEn),
    product: (round: Round | undefined, code: string) => {
      const found = round?.products.find(({ product }) => product === code);
      if (!found) return code;
      return language === 'zh' ? found.nameZh : found.nameEn;
    },
    roundName: (round: Round) => (language === 'zh' ? round.nameZh : round.nameEn),
    inLanguage: (zh: string, en: string) => (language === 'zh' ? zh : en || zh),
    number: formats.spokenNumber,
    mobile: formats.spokenNumber,
    maskedMobile: maskMobile,
    maskedName: maskName,
    maskedNumber: maskPersonNumber,
  };
}

export type Words = ReturnType<typeof wordsIn>;
