/** How a page is made: templates over govuk-frontend's components, with what every page needs around its own data. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import view from '@fastify/view';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import nunjucks from 'nunjucks';

import { projectRoot } from '../config/project-root';
import type { AssetAddress } from './assets';
import { appNavigation, isInApp } from './app/frame';
import { actingStrip, markedForm } from './family/acting';
import { letSpeakToBridge } from './card-bridge-policy';
import { hour } from './formats';
import { addressIn, htmlLanguage, languageOf } from './language';
import { localPath } from './local-path';
import { stationFrame, type stationPageFrame } from './station/frame';
import { wordsIn, type Words } from './words';

/** How long before its end a session's end is announced; at a station sooner before, since it lasts a minute and a half. */
const warnBeforeSeconds = 120;
const stationWarnBeforeSeconds = 30;

/** An error beside a field and in the summary above the heading. */
export interface FieldError {
  readonly text: string;
  /** `#id` of the field; none for what lies in no field. */
  readonly href?: string;
  /** What to do, under the text. */
  readonly detail?: string;
}

/** What one page adds to the frame. */
export interface PageData {
  readonly title: string;
  /** Where "back" leads. */
  readonly back?: string | undefined;
  readonly errors?: readonly FieldError[];
  /** Where this page is found again after signing in; its own address when left out. */
  readonly returnTo?: string;
  /** The station on which a page stands outside any session. */
  readonly station?: ReturnType<typeof stationPageFrame>;
  /** Its script speaks with the card bridge of this computer. */
  readonly reachesBridge?: boolean;
  readonly [name: string]: unknown;
}

export interface FrameOptions {
  readonly asset: AssetAddress;
  /** Demonstration or test: the pages say so. */
  readonly demonstration: boolean;
  readonly inbox: boolean;
  readonly mailInbox: boolean;
  /** Where the card bridge answers on a station's computer. */
  readonly stationBridgeUrl: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Texts and formats in the language of this request. */
    words: Words;
  }
  interface FastifyReply {
    /** Answers with a page; 200 unless `status` says otherwise. */
    page(template: string, data: PageData, status?: number): Promise<FastifyReply>;
  }
}

/** Registers the template engine and decorates `request.words` and `reply.page`. */
export async function registerRendering(app: FastifyInstance, options: FrameOptions): Promise<void> {
  await app.register(view, {
    engine: { nunjucks },
    templates: [
      path.join(projectRoot, 'web/templates'),
      path.join(projectRoot, 'node_modules/govuk-frontend/dist'),
    ],
    options: { autoescape: true, trimBlocks: true, lstripBlocks: true, noCache: false, watch: false },
  });
  app.decorateRequest('words');
  app.addHook('onRequest', async (request) => {
    request.words = wordsIn(languageOf(request));
  });
  app.decorateReply(
    'page',
    async function page(
      this: FastifyReply,
      template: string,
      data: PageData,
      status = 200,
    ): Promise<FastifyReply> {
      // Pages hold what one person may read: no cache, neither the browser's nor a proxy's, may keep them.
      this.code(status).header('cache-control', 'no-store').type('text/html; charset=utf-8');
      const all = { ...frame(this.request, this, options, data.returnTo), ...data };
      if (all.station?.kiosk || data.reachesBridge) letSpeakToBridge(this, options.stationBridgeUrl);
      const html: string = await app.view(template, all);
      return this.send(html);
    },
  );
}

function frame(request: FastifyRequest, reply: FastifyReply, options: FrameOptions, returnTo?: string) {
  const { words } = request;
  const inApp = isInApp(request);
  const current = request.url.split('?', 1)[0] ?? '/';
  const other = words.language === 'zh' ? 'en' : 'zh';
  return {
    ...words,
    htmlLanguage: htmlLanguage[words.language],
    otherLanguage: { address: addressIn(request, other, returnTo), html: htmlLanguage[other] },
    asset: options.asset,
    demonstration: options.demonstration,
    inbox: options.inbox,
    mailInbox: options.mailInbox,
    home: inApp ? '/app' : '/',
    navigation: (inApp ? appNavigation(words) : navigation(words)).map((item) => ({
      ...item,
      current: currentOf(current, item.href),
    })),
    session: sessionFrame(request, returnTo),
    bridge: options.stationBridgeUrl,
    station: stationFrame(request.citizen?.station ?? undefined, words),
    csrf: () => markedForm(request, reply.generateCsrf()),
    acting: actingStrip(request),
    formKey: randomUUID(),
    privatePage: request.citizen !== null,
  };
}

function navigation({ t }: Words) {
  return [
    { href: '/registration', text: t.service.registration },
    { href: '/booking', text: t.service.booking },
    { href: '/appointment', text: t.service.appointment },
    { href: '/lookup', text: t.service.lookup },
  ];
}

function currentOf(current: string, href: string): 'page' | 'true' | undefined {
  if (current === href) return 'page';
  // The app's first page is no section of which its others were part.
  if (href === '/app') return undefined;
  return current.startsWith(`${href}/`) ? 'true' : undefined;
}

function sessionFrame(request: FastifyRequest, returnTo?: string) {
  const { citizen, words } = request;
  if (!citizen) return undefined;
  const { t } = words;
  const remainingSeconds = Math.max(1, Math.floor((citizen.expiresAt.getTime() - Date.now()) / 1000));
  const atKiosk = citizen.station !== null && !citizen.station.assistedBy;
  const warnSeconds = atKiosk ? stationWarnBeforeSeconds : warnBeforeSeconds;
  return {
    remainingSeconds,
    warnBeforeSeconds: warnSeconds,
    warnAfterSeconds: Math.max(1, remainingSeconds - warnSeconds),
    until: hour(citizen.expiresAt.toISOString()),
    returnTo: returnTo ?? localPath(request.method === 'GET' ? request.url : undefined) ?? '/',
    // What is said before the end: at a kiosk no ten minutes are given.
    soonText: atKiosk ? t.station.soonText : t.session.soonText,
    soonQuestion: atKiosk ? t.station.soonQuestion : t.session.soonQuestion,
    soonSpoken: atKiosk ? t.station.soonSpoken : t.session.twoMinutesSpoken,
    signOut: citizen.station ? (atKiosk ? t.station.finish : t.station.assistedFinish) : t.session.signOut,
  };
}
