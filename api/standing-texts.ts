/** What became of a product at a settlement, in a sentence each, for programs that show them; pages name names. */
import type { ProductStanding } from '../domain/settlement/standing';

export const standingTexts: Readonly<
  Record<ProductStanding['code'], { readonly zh: string; readonly en: string }>
> = {
  invited: { zh: '輪到您了，可以預約。', en: 'Your turn has come: you may book.' },
  supplyEnded: {
    zh: '您縣市的名額用在順序較前的人。',
    en: 'The doses of your county went to people before you in the order.',
  },
  lotDecided: {
    zh: '名額用到和您同類別、同生日的人；已在等的人優先，其餘比籤號。',
    en: 'The doses ended among people of your group and birth date; those already waiting came first, then the lot decided.',
  },
  noDosesInCounty: { zh: '您縣市這一期沒有名額。', en: 'There are no doses for your county in this round.' },
  noWindowForAge: { zh: '這一期不開放您的年齡。', en: 'This round is not open to your age.' },
  intervalNotOver: {
    zh: '到這一期最後一場，和前一劑的間隔還不夠。',
    en: 'The interval after your last dose is not over by the last session of this round.',
  },
  productNotAfterPreviousDose: { zh: '不能接在您的前一劑之後。', en: 'It may not follow your last dose.' },
  mixedIntentMissing: {
    zh: '和前一劑不同廠牌，而您沒有同意混打。',
    en: 'It differs from your last dose, and you did not agree to another vaccine.',
  },
  consentMissing: {
    zh: '結算時還沒有監護人同意的紀錄。',
    en: 'No guardian’s consent was on record at the settlement.',
  },
};
