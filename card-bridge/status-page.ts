/** The bridge's own page: how it stands, in plain words of both languages. It shows nothing of any card's owner. */
import type { ReadProblem } from './reader/pcsc-codes';
import type { ReaderStatus } from './reader/reader-status';
import { callProblemWords, readProblemWords, stateWords, type PlainWords } from './words';

/** What the page knows. */
export interface BridgeStanding {
  readonly version: string;
  readonly origins: readonly string[];
  readonly testMode: boolean;
  readonly reader: ReaderStatus;
  /** Why the last reading came to nothing; what kind of card it was shows only then. */
  readonly lastProblem?: ReadProblem | undefined;
}

/** Scripts and styles stand in files of their own, so that nothing inline has to be allowed. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** How it stands, most urgent first. */
export function standingWords({ origins, reader, lastProblem }: BridgeStanding): readonly PlainWords[] {
  const own = stateWords[reader.state];
  const last = lastProblem === undefined ? undefined : readProblemWords[lastProblem];
  return [
    ...(origins.length === 0 ? [callProblemWords.noOriginAllowed] : []),
    // A card that is in but was no good is not one that can be read.
    ...(last && last !== own ? [last] : []),
    ...(last && reader.state === 'ready' ? [] : [own]),
  ];
}

/** True when a card could be read now. */
export function isWell({ origins, reader, lastProblem }: BridgeStanding): boolean {
  return origins.length > 0 && reader.state === 'ready' && lastProblem === undefined;
}

/** The page, without any request of the reader. */
export function statusPage(standing: BridgeStanding): string {
  const { version, origins, testMode, reader } = standing;
  const said = standingWords(standing)
    .map(({ zh, en }) => `<p>${escaped(zh)}</p><p lang="en">${escaped(en)}</p>`)
    .join('');
  const readers = reader.readers.map(
    ({ name, cardPresent }) =>
      `<li>${escaped(name)}：${cardPresent ? '有卡片 <span lang="en">card in</span>' : '無卡片 <span lang="en">no card</span>'}</li>`,
  );
  const list = (items: readonly string[]) =>
    items.length === 0 ? '<p>無 <span lang="en">None</span></p>' : `<ul>${items.join('')}</ul>`;
  return `<!doctype html>
<html lang="zh-Hant-TW">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>讀卡程式 Card bridge</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<main>
<h1>讀卡程式 <span lang="en">Card bridge</span></h1>
<div class="standing ${isWell(standing) ? 'well' : 'wrong'}" role="status" data-state="${reader.state}">
<strong>${isWell(standing) ? '✓ 就緒 <span lang="en">Ready</span>' : '！ 還不能讀卡 <span lang="en">Not ready</span>'}</strong>
${said}
</div>
${testMode ? '<p class="test">測試模式：接受虛擬讀卡機。<span lang="en">Test mode: virtual readers are accepted.</span></p>' : ''}
<p><a href="/">重新檢測 <span lang="en">Check again</span></a></p>
<h2>讀卡機 <span lang="en">Readers</span></h2>
${list(readers)}
<h2>可以要求讀卡的網站 <span lang="en">Sites that may ask to read a card</span></h2>
${list(origins.map((origin) => `<li>${escaped(origin)}</li>`))}
<p>只有您在上列網站按下讀卡，才會讀取健保卡；讀到的資料不會留在這部電腦。</p>
<p lang="en">A card is read only when you ask for it on one of these sites. Nothing of it is kept on this computer.</p>
<p>版本 <span lang="en">Version</span> ${escaped(version)}</p>
</main>
</body>
</html>
`;
}

export const pageStyle = `
body { margin: 0; font: 1.125rem/1.5 system-ui, sans-serif; color: #0b0c0c; background: #fff; }
main { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2rem; }
.standing { border: 0.25rem solid; border-radius: 0.25rem; padding: 0.75rem 1rem; }
.well { border-color: #00703c; } .wrong { border-color: #b50014; }
.standing p { margin: 0.5rem 0 0; }
button { font: inherit; padding: 0.6rem 1.2rem; border: 0.125rem solid #0b0c0c; background: #00703c; color: #fff; }
button.second { background: #fff; color: #0b0c0c; } button:focus, input:focus { outline: 3px solid #ffdd00; box-shadow: 0 0 0 6px #0b0c0c; }
input { font: inherit; font-size: 1.5rem; width: 10ch; padding: 0.4rem; border: 0.125rem solid #0b0c0c; letter-spacing: 0.2em; }
.site { font-size: 1.25rem; }
a { color: #1d4f91; } a:focus { outline: 3px solid #ffdd00; background: #ffdd00; color: #0b0c0c; }
`;

/** Asks for the page anew when something changed; who has no scripts presses the link. */
export const pageScript = `
const shown = document.querySelector('[data-state]').dataset.state;
const socket = new WebSocket('ws://' + location.host + '/readers');
socket.addEventListener('message', ({ data }) => {
  if (JSON.parse(data).state !== shown) location.reload();
});
`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
