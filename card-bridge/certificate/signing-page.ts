/**
 * The bridge's own page for the PIN of a certificate card. It stands on the bridge's origin, so that no page of any
 * site sees what is typed; it says for which site and for what the card is to sign, and no page can frame it.
 */
import type { CertificateStatement } from '../../domain/card-proof/certificate-proof';
import type { PlainWords } from '../words';

/** Its form goes to itself alone; nothing inline, no frames, nothing from elsewhere. */
export const signingPolicy =
  "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/** Under `no-referrer` a browser would call the origin of the form `null`. */
export const signingHeaders = {
  'content-security-policy': signingPolicy,
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'same-origin',
};

const purposes: Readonly<Record<CertificateStatement['purpose'], PlainWords>> = {
  'sign-in': { zh: '登入', en: 'signing in' },
  'card-account': { zh: '辦理健保卡網路服務註冊', en: 'registering an NHI card' },
  'device-code': { zh: '產生裝置碼', en: 'making a device code' },
};

/** What the form says beside what it is for. */
export interface SigningForm {
  readonly id: string;
  readonly origin: string;
  readonly purpose: CertificateStatement['purpose'];
  /** What came of the last try, or what is wrong with the card now. */
  readonly problem?: PlainWords | undefined;
  /** The card takes one more PIN. */
  readonly lastTry: boolean;
  /** False where no PIN would be of use: without a card, or with a locked one. */
  readonly asksForPin: boolean;
}

const lastTryWords: PlainWords = {
  zh: '這張卡片只剩 1 次輸入機會：再錯一次就會鎖住。',
  en: 'This card takes one more PIN: a wrong one locks it.',
};

export function signingPage({ id, origin, purpose, problem, lastTry, asksForPin }: SigningForm): string {
  const said = problem ? `<div class="standing wrong" role="alert" id="problem">${both(problem)}</div>` : '';
  const warning = lastTry && !problem ? `<div class="standing wrong">${both(lastTryWords)}</div>` : '';
  const pin = `<p><label for="pin">自然人憑證 PIN 碼 <span lang="en">PIN of the certificate card</span></label><br>
<input id="pin" name="pin" type="password" inputmode="numeric" autocomplete="off" maxlength="8" required autofocus${problem ? ' aria-describedby="problem"' : ''}></p>
<p><button type="submit" name="act" value="sign">簽章 <span lang="en">Sign</span></button></p>`;
  const again = `<p><a href="/sign/${id}">卡片插好了，再試一次 <span lang="en">The card is in: try again</span></a></p>`;
  return framed(
    '輸入自然人憑證 PIN 碼',
    'PIN of your certificate',
    `<p>下列網站請您以自然人憑證簽章，用於<strong>${purposes[purpose].zh}</strong>：</p>
<p lang="en">This site asks for a signature of your Citizen Digital Certificate, for <strong>${purposes[purpose].en}</strong>:</p>
<p class="site"><strong>${escaped(origin)}</strong></p>
<p>PIN 碼只會交給讀卡機裡的卡片，不會傳給任何網站，也不會留在這部電腦。</p>
<p lang="en">The PIN goes to the card in the reader alone: no site gets it, and it is not kept.</p>
${said}${warning}
<form method="post" action="/sign/${id}">
${asksForPin ? pin : again}
<p><button class="second" type="submit" name="act" value="cancel" formnovalidate>不簽章 <span lang="en">Do not sign</span></button></p>
</form>`,
  );
}

export function signedPage(): string {
  return framed(
    '簽章完成',
    'Signed',
    `<div class="standing well" role="status"><p>卡片已經簽章。請關閉這個視窗，回到原來的網頁。</p>
<p lang="en">The card has signed. Close this window and go back to the page that you came from.</p></div>`,
  );
}

/** Also for who never had one: an address that is guessed tells nothing. */
export function signingOverPage(): string {
  return framed(
    '這次簽章已經結束',
    'This signature is over',
    `<p>已經完成、取消，或超過 2 分鐘。請關閉這個視窗，回到原來的網頁再按一次。</p>
<p lang="en">It was made, cancelled, or not made within two minutes. Close this window, go back to the page that you came from and press the button again.</p>`,
  );
}

function framed(zh: string, en: string, content: string): string {
  return `<!doctype html>
<html lang="zh-Hant-TW">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${zh} ${en}</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<main>
<h1>${zh} <span lang="en">${en}</span></h1>
${content}
</main>
</body>
</html>
`;
}

function both({ zh, en }: PlainWords): string {
  return `<p>${escaped(zh)}</p><p lang="en">${escaped(en)}</p>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
