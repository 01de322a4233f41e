/** A real Chromium for the pages' tests: with scripts or without, narrow or wide, in Chinese or English. */
import AxeBuilder from '@axe-core/playwright';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { sessionCookieName } from '../../api/plugins/session';
import { findBrowser } from '../../scripts/runtime/test-tools';
import type { PagesTown, TownPerson } from './pages-world';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser that was found on this machine. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true, args: flags });
}

function chromiumPath(): string {
  const found = findBrowser();
  if (found === undefined) throw new Error('No Chromium was found: install one or name it in CHROMIUM_PATH.');
  return found;
}

const windowOf = (width: number) => ({ width, height: width < 600 ? 740 : 900 });

export interface VisitorOptions {
  readonly scripts?: boolean;
  readonly width?: number;
  readonly language?: 'zh' | 'en';
}

/** Somebody with a browser of their own at the pages of a town. */
export class Visitor {
  /** What the browser reported as an error: a script that threw, a policy that was broken. */
  readonly complaints: string[] = [];

  static async come(browser: Browser, town: PagesTown, options: VisitorOptions = {}): Promise<Visitor> {
    const { scripts = true, width = 1280, language = 'zh' } = options;
    const context = await browser.newContext({
      baseURL: town.address,
      javaScriptEnabled: scripts,
      viewport: windowOf(width),
      locale: language === 'zh' ? 'zh-TW' : 'en-GB',
      timezoneId: 'Asia/Taipei',
    });
    // Only what never comes is given up: a busy machine may take its time.
    context.setDefaultTimeout(30_000);
    return new Visitor(context, await context.newPage(), scripts, language);
  }

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly scripts: boolean,
    private readonly language: 'zh' | 'en',
  ) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (line) => {
      // A page that answers 4xx is reported too; those are asked for.
      if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) {
        this.complaints.push(line.text());
      }
    });
  }

  /** Looks at the same page in a window of another width. */
  async widen(width: number): Promise<void> {
    await this.page.setViewportSize(windowOf(width));
  }

  leave(): Promise<void> {
    return this.context.close();
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address);
  }

  /** The address without its origin. */
  get address(): string {
    const url = new URL(this.page.url());
    return `${url.pathname}${url.search}`;
  }

  heading(): Promise<string> {
    return this.page.locator('h1').first().innerText();
  }

  text(): Promise<string> {
    return this.page.locator('main').innerText();
  }

  /** Presses the button or link of that name. */
  async press(name: string | RegExp): Promise<void> {
    const buttons = this.page.getByRole('button', { name });
    const target = (await buttons.count()) > 0 ? buttons : this.page.getByRole('link', { name });
    await target.first().click();
    await this.page.waitForLoadState('load');
  }

  /** Answers the check against robots as this browser is asked to. */
  async passCaptcha(): Promise<void> {
    if (this.scripts) {
      // The proof is worked out as soon as somebody types in the form; whoever is quicker ticks the box.
      await this.page.locator('input[name=altcha]').waitFor({ state: 'attached' });
      await this.page.waitForFunction(
        () => (document.querySelector<HTMLInputElement>('input[name=altcha]')?.value ?? '') !== '',
      );
      return;
    }
    const question = await this.page.locator('#captcha-question').innerText();
    await this.page.fill('#captchaAnswer', String(answerTo(question)));
  }

  /** Makes the session as old as if nothing had been done for so many minutes. */
  async waitWithoutActing(town: PagesTown, minutes: number): Promise<void> {
    const cookies = await this.context.cookies();
    const cookie = cookies.find(({ name }) => name === sessionCookieName(false));
    const session = cookie && town.running.app.decodeSecureSession(decodeURIComponent(cookie.value));
    if (!cookie || !session) throw new Error('this visitor has no session');
    session.set('lastActAt', (session.get('lastActAt') ?? 0) - minutes * 60_000);
    const value = encodeURIComponent(town.running.app.encodeSecureSession(session));
    await this.context.addCookies([{ ...cookie, value }]);
  }

  /**
   * What of WCAG 2.1 A and AA the page breaks, as far as a program can tell. `lookedAt`: parts, by selector, that are
   * the same as on a page that was looked at whole.
   */
  barriers(lookedAt: readonly string[] = []): Promise<readonly string[]> {
    return barriersOf(this.page, this.scripts, lookedAt);
  }

  /** Opens a page behind the check of the environment, passing that where it stands before it. */
  async openAfterCheck(address: string): Promise<void> {
    await this.open(address);
    const go = this.page.locator('form[action="/environment"] button');
    if ((await go.count()) === 0) return;
    await go.click();
    await this.page.waitForURL('**/sign-in/**');
  }

  /** True when something is wider than the window, so that people must scroll sideways. */
  async scrollsSideways(): Promise<boolean> {
    return this.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  }

  async signIn(person: TownPerson, cardNumber = person.cardNumber): Promise<void> {
    await this.page.fill('#personNumber', person.personNumber);
    await this.page.fill('#cardNumber', cardNumber.replace(/(\d{4})(?=\d)/g, '$1 '));
    await this.passCaptcha();
    await this.press(this.language === 'zh' ? '確認身分' : 'Confirm');
  }
}

/** What the checker of accessibility finds on a page; `scripts` is whether its own may run in a page of axe's. */
export async function barriersOf(
  page: Page,
  scripts = true,
  lookedAt: readonly string[] = [],
): Promise<readonly string[]> {
  const whole = new AxeBuilder({ page });
  const { violations } = await lookedAt
    .reduce((axe, selector) => axe.exclude(selector), whole)
    // No page has frames; without them nothing has to be gathered in a page of axe's own.
    .setLegacyMode(scripts)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'])
    .options({ resultTypes: ['violations'] })
    .analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}

const numerals = '零 一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 十六 十七 十八 十九 二十'.split(
  ' ',
);
const words =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'.split(
    ' ',
  );

/** Reads a question in words as a person does. */
function answerTo(question: string): number {
  const found =
    question.replaceAll('兩', '二').match(/[零一二三四五六七八九十]+(?=[加減和個，等])|[a-z]+/gi) ?? [];
  const [a = 0, b = 0] = found
    .map((word) => Math.max(numerals.indexOf(word), words.indexOf(word.toLowerCase())))
    .filter((number) => number >= 0);
  if (/減|minus/.test(question)) return a - b;
  if (/比較大|larger/.test(question)) return Math.max(a, b);
  if (/比較小|smaller/.test(question)) return Math.min(a, b);
  return a + b;
}
