/** What is wrong with a certificate card or its PIN, and what to do about it, in plain words of both languages. */
import type { PlainWords } from '../words';
import type { TokenProblem } from './certificate-token';

const words = (zh: string, en: string): PlainWords => ({ zh, en });

export const tokenProblemWords: Readonly<Record<TokenProblem, PlainWords>> = {
  noTokenBinding: words(
    '讀取自然人憑證的元件沒有安裝完成。請依安裝說明重新安裝讀卡程式。',
    'The part that talks to certificate cards is not installed. Install the card bridge again as its instructions say.',
  ),
  noModule: words(
    '這部電腦找不到自然人憑證的驅動元件（HiCOS）。請到內政部憑證管理中心網站下載安裝，再試一次。',
    "The driver of the Citizen Digital Certificate (HiCOS) is not on this computer. Install it from the authority's web site, then try again.",
  ),
  noToken: words(
    '讀卡機裡沒有自然人憑證。請插入卡片，晶片朝讀卡機標示的方向插到底。',
    'There is no certificate card in the reader. Put it in, chip first and as far as it goes, the side up that the reader shows.',
  ),
  otherToken: words(
    '這張卡片沒有可以簽章的自然人憑證。請改插您本人的自然人憑證。',
    'This card has no certificate to sign with. Please put in your own Citizen Digital Certificate.',
  ),
  tokenPulled: words(
    '簽章時卡片被抽出了。請重新插入，等簽章完成後再取出。',
    'The card was pulled before it had signed. Put it in again and leave it in until it is done.',
  ),
  pinMalformed: words(
    'PIN 碼是 6 到 8 個數字。這次沒有送到卡片，不算輸入錯誤。',
    'A PIN has six to eight digits. This one was not shown to the card and does not count as a wrong one.',
  ),
  pinWrong: words(
    'PIN 碼不正確。連續輸入錯誤 3 次，卡片就會鎖住。',
    'The PIN is wrong. After three wrong ones in a row the card is locked.',
  ),
  pinLastTry: words(
    'PIN 碼不正確，只剩 1 次機會：再錯一次，卡片就會鎖住。不確定的話，請先停下來。',
    'The PIN is wrong, and one try is left: the next wrong one locks the card. Stop here unless you are sure.',
  ),
  pinLocked: words(
    '卡片已經鎖住，不能再輸入 PIN 碼。請到內政部憑證管理中心網站鎖卡解碼，或帶身分證到戶政事務所辦理。',
    "The card is locked and takes no PIN. Unlock it on the authority's web site, or at a household office with your identity card.",
  ),
  tokenStuck: words(
    '卡片沒有回應。請拔下讀卡機再插上，然後再試一次。',
    'The card does not answer. Unplug the reader, plug it in again, and try once more.',
  ),
  tokenFailed: words(
    '卡片無法使用。請取出卡片，用乾布擦拭晶片，重新插入後再試一次。',
    'The card cannot be used. Take it out, wipe the chip with a dry cloth, put it in again and try once more.',
  ),
};
