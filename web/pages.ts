/** The citizens' pages: a table of contents. Server-rendered, usable without scripts, Chinese first and English. */
import csrfProtection from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

import { devicePages } from './account-devices';
import { appPages } from './app';
import { appointmentPages } from './appointment';
import { serveAssets } from './assets';
import { bookingPages } from './booking';
import { environmentPages } from './environment';
import { accountPage } from './account';
import { cardAccountPages } from './card-account';
import { familyPages } from './family';
import { formForSamePerson } from './family/acting';
import { faultPages } from './faults';
import { frontPage } from './front';
import { helpPage } from './help';
import { inboxPages } from './inbox';
import { keepAskedLanguage } from './language';
import { leftoverPages } from './leftover';
import { lookupPages } from './lookup';
import { mailInboxPages } from './mail-inbox';
import { registrationPages } from './registration';
import { registerRendering } from './rendering';
import { sessionPages } from './session';
import { settlementPages } from './settlement';
import { signInListPages } from './sign-ins';
import { signInPages } from './sign-in';
import { statementPages } from './statements';
import { stationPages } from './station/pages';
import { readBackFirst } from './station/read-back';
import { waitingListPages } from './waiting-list';
import { waitingRoomPages } from './waiting-room';
import { whichWayPages } from './which-way';

declare module '@fastify/secure-session' {
  interface SessionData {
    /** Secret of the tokens in forms. */
    _csrf: string;
  }
}

export interface PagesOptions {
  /** True when citizens come by https. */
  readonly secure: boolean;
  /** Demonstration or test: the pages say that everything is made up. */
  readonly demonstration: boolean;
  /** Inbox of the SMS simulator; shown in demonstration and test alone. */
  readonly smsInboxUrl?: string;
  /** Inbox of the mail simulator; likewise. */
  readonly mailInboxUrl?: string;
  /** Where the card bridge answers on a visitor's computer, e.g. `http://127.0.0.1:17777`. */
  readonly cardBridgeUrl?: string;
  /** The same at the computers of stations, where that differs. */
  readonly stationBridgeUrl?: string;
  /** Is the engine behind reminders and notices connected? Taken as connected when nobody can tell. */
  readonly engineReady?: () => boolean | Promise<boolean>;
}

/** The pages as a plugin for `buildApp`. */
export function pagesPlugin(options: PagesOptions): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    // Pages are for people; the API's document lists what is for programs.
    app.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, hide: true };
    });
    const inboxUrl = options.demonstration ? (options.smsInboxUrl ?? '') : '';
    const mailInboxUrl = options.demonstration ? (options.mailInboxUrl ?? '') : '';
    const asset = serveAssets(app);
    await app.register(formbody, { bodyLimit: 64 * 1024 });
    await app.register(csrfProtection, { sessionPlugin: '@fastify/secure-session', logLevel: 'debug' });
    await registerRendering(app, {
      asset,
      demonstration: options.demonstration,
      inbox: inboxUrl !== '',
      mailInbox: mailInboxUrl !== '',
      stationBridgeUrl: stationBridgeUrlOf(options),
    });
    app.addHook('onRequest', async (request, reply) => keepAskedLanguage(request, reply, options.secure));

    app.addHook('preHandler', formForSamePerson);
    app.addHook('preHandler', readBackFirst);

    frontPage(app, { engineReady: options.engineReady ?? (() => true) });
    signInPages(app, { bridgeUrl: bridgeUrlOf(options) });
    signInListPages(app);
    environmentPages(app, { bridgeUrl: bridgeUrlOf(options) });
    waitingRoomPages(app);
    appPages(app, asset, options);
    devicePages(app);
    sessionPages(app);
    registrationPages(app);
    settlementPages(app);
    bookingPages(app);
    appointmentPages(app);
    waitingListPages(app);
    leftoverPages(app);
    accountPage(app);
    familyPages(app);
    cardAccountPages(app, { bridgeUrl: bridgeUrlOf(options) });
    lookupPages(app);
    whichWayPages(app);
    helpPage(app);
    statementPages(app);
    stationPages(app);
    if (inboxUrl !== '') inboxPages(app, { url: inboxUrl });
    if (mailInboxUrl !== '') mailInboxPages(app, { url: mailInboxUrl });
    faultPages(app);
  };
}

/** As an origin, since it stands in a policy. */
const bridgeUrlOf = ({ cardBridgeUrl = 'http://127.0.0.1:17777' }: PagesOptions): string =>
  new URL(cardBridgeUrl).origin;

/** Empty as well as left out: as for citizens. */
const stationBridgeUrlOf = ({ stationBridgeUrl, ...options }: PagesOptions): string =>
  stationBridgeUrl ? new URL(stationBridgeUrl).origin : bridgeUrlOf(options);
