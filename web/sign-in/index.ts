/** Signing in: one page a way, the most used one first. */
import type { FastifyInstance } from 'fastify';

import { appOtpPage } from './app-otp';
import { birthDatePage } from './birth-date';
import { cardPage } from './card';
import { cardNumberPage } from './card-number';
import { certificatePage } from './certificate';

/** Registers `/sign-in` and what lies below it. */
export function signInPages(app: FastifyInstance, { bridgeUrl }: { readonly bridgeUrl: string }): void {
  cardNumberPage(app);
  appOtpPage(app);
  birthDatePage(app);
  cardPage(app, { bridgeUrl });
  certificatePage(app, { bridgeUrl });
}
