/** The app (健保快易通 as a web app): its pages under `/app`, and what a phone needs to keep it on its home screen. */
import type { FastifyInstance } from 'fastify';

import type { AssetAddress } from '../assets';
import { bindingPage } from './binding';
import { cardStatusPage } from './card-status';
import { entryPages } from './entry';
import { messagePage } from './messages';
import { otpPages } from './otp';
import { quickAuthenticationPages } from './quick-authentication';
import { serveShell } from './shell';

/** Registers the app's pages, its manifest and its service worker. */
export function appPages(
  app: FastifyInstance,
  asset: AssetAddress,
  { demonstration }: { readonly demonstration: boolean },
): void {
  serveShell(app, asset);
  entryPages(app);
  bindingPage(app);
  quickAuthenticationPages(app, { demonstration });
  otpPages(app);
  messagePage(app);
  cardStatusPage(app);
}
