/** Looking at one page as people who see, press and read differently do: what bars their way, found by program. */
import type { Visitor } from './pages-browser';

/** 400 % zoom of a desk's window of 1280 × 1024, and a phone; the desk itself is the widest. */
export const zoomed = { width: 320, height: 256 };
export const phone = { width: 390, height: 844 };
export const desk = { width: 1280, height: 800 };

/** What is the same on all pages of one journey, and costs a program as much to look at as the rest. */
export const frame = ['.head', '.foot'];

/**
 * What stands in the way on the page as it is now, in words for whoever mends it; empty is good. `lookedAt`: parts that
 * need no second look by program.
 */
export async function obstacles(
  v: Visitor,
  language: 'zh' | 'en',
  lookedAt: readonly string[] = [],
): Promise<readonly string[]> {
  const lang = await v.page.getAttribute('html', 'lang');
  const wanted = language === 'zh' ? 'zh-Hant-TW' : 'en';
  const found = lang === wanted ? [] : [`lang is ${lang ?? 'missing'}`];
  for (const size of [desk, zoomed]) {
    await v.page.setViewportSize(size);
    if (await v.scrollsSideways()) found.push(`scrolls sideways at ${String(size.width)}`);
  }
  // The two languages differ in their words and in how wide these are, not in what a program or Tab finds.
  if (language === 'en') found.push(...(await v.page.evaluate(leftInChinese)));
  else {
    found.push(...(await v.page.evaluate(doubledIds)));
    found.push(...(await v.barriers(lookedAt)), ...(await keyboardObstacles(v)));
  }
  return found;
}

/** Runs in the page: two things of one name, of which a label or an address means but the first. */
function doubledIds(): readonly string[] {
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  return ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `two things are #${id}`);
}

/** Runs in the page: Chinese in what English readers see, but for names of people and what says that it is Chinese. */
function leftInChinese(): readonly string[] {
  const found: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement: element, textContent } = node;
    const text = (textContent ?? '').trim();
    if (!element?.checkVisibility() || element.closest('[lang^=zh], script, style')) continue;
    // A masked name keeps its own characters: 甄○康.
    if (/\p{Script=Han}/u.test(text.replaceAll(/\p{Script=Han}○\p{Script=Han}?/gu, '')))
      found.push(`Chinese: ${text}`);
  }
  return found;
}

/** One stop of the keyboard's way through the page. */
interface Stop {
  readonly order: number;
  readonly what: string;
  readonly seen: boolean;
  readonly covered: boolean;
}

/**
 * Walks through the page by Tab alone: each thing that can be pressed or filled in is reached, in the order in which
 * it stands, shows that it has the focus, is not hidden under something else, and the walk comes to an end.
 */
async function keyboardObstacles({ page }: Visitor): Promise<readonly string[]> {
  const expected = await page.evaluate(beginWalk);
  // A part that scrolls by itself is a stop too, and the way begins anew at its end.
  const presses = expected.length + 4;
  // All at once: the browser takes them in their order, and nobody waits for each.
  await Promise.all(Array.from({ length: presses }, () => page.keyboard.press('Tab')));
  const stops: readonly Stop[] = await page.evaluate(() => (globalThis as unknown as Walked).walk);
  const reached = new Set(stops.map(({ what }) => what));
  const found = expected.filter((what) => !reached.has(what)).map((what) => `Tab does not reach ${what}`);
  const turn = stops.findIndex(({ order }, index) => order === 0 && index > 0);
  const round = stops.slice(0, turn === -1 ? undefined : turn);
  for (const [index, { order, what, seen, covered }] of round.entries()) {
    if (order < (round[index - 1]?.order ?? 0)) found.push(`Tab jumps back to ${what}`);
    if (!seen) found.push(`no focus to be seen on ${what}`);
    if (covered) found.push(`hidden while it has the focus: ${what}`);
  }
  return found;
}

interface Walked {
  walk: Stop[];
}

/** Runs in the page: watches where the focus goes, and answers what it has to come to. */
function beginWalk(): readonly string[] {
  const canHaveFocus =
    'a[href],button:not(:disabled),input:not(:disabled):not([type=hidden]),select,textarea,summary,[tabindex="0"]';
  const named = (element: Element): string =>
    `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''} ${(element.textContent || element.getAttribute('name') || '').trim().slice(0, 30)}`;
  const elements = [...document.querySelectorAll<HTMLElement>(canHaveFocus)].filter(
    (element) => element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }),
  );
  const isRadio = (element: Element): element is HTMLInputElement =>
    element instanceof HTMLInputElement && element.type === 'radio';
  // Of a group of radio buttons Tab reaches one.
  const groups = new Map<string, HTMLElement>();
  for (const element of elements) {
    if (isRadio(element) && (element.checked || !groups.has(element.name))) groups.set(element.name, element);
  }
  const stops = elements.filter((element) => !isRadio(element) || groups.get(element.name) === element);
  const drawn = ({ outlineStyle, outlineWidth, boxShadow }: CSSStyleDeclaration): boolean =>
    (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
  const walk: Stop[] = [];
  (globalThis as unknown as Walked).walk = walk;
  document.addEventListener('focusin', ({ target }) => {
    const element = target as HTMLElement;
    const label = element.matches('.govuk-radios__input, .govuk-checkboxes__input')
      ? element.nextElementSibling
      : null;
    // A link that fills its list item shows its focus on that; the box against robots draws one over its own.
    const frame = element.closest('.ways__way, [data-captcha]') ?? element;
    const styles = [
      ...[getComputedStyle(element), getComputedStyle(frame)],
      ...(label ? [getComputedStyle(label, '::before')] : []),
    ];
    const box = element.getClientRects()[0] ?? element.getBoundingClientRect();
    const at = document.elementFromPoint(box.left + Math.min(box.width / 2, 20), box.top + box.height / 2);
    walk.push({
      order: stops.indexOf(element),
      what: named(element),
      seen: styles.some(drawn),
      covered: !(at !== null && (frame.contains(at) || at.contains(element))),
    });
  });
  (document.activeElement as HTMLElement | null)?.blur();
  window.getSelection()?.removeAllRanges();
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  walk.length = 0;
  return stops.map(named);
}
