/** Signing in: one page a way, the most used one first. */
import type { FastifyInstance } from 'fastify';

import { birthDatePage } from './birth-date';
import { cardNumberPage } from './card-number';

/** Registers `/sign-in` and what lies below it. */
export function signInPages(app: FastifyInstance): void {
  cardNumberPage(app);
  birthDatePage(app);
}
