/** The card account's pages: standing, first registration, forgotten password, changes, and the link in a mail. */
import type { FastifyInstance } from 'fastify';

import { applicationPages } from './application';
import { cardReadPages } from './card-read';
import { changePages } from './changes';
import { confirmPages } from './confirm';
import { standingPages } from './standing';

/** Registers `/account/card…` and `/account/confirm`. */
export function cardAccountPages(app: FastifyInstance, bridge: { readonly bridgeUrl: string }): void {
  standingPages(app);
  cardReadPages(app, bridge);
  applicationPages(app);
  changePages(app);
  confirmPages(app);
}
