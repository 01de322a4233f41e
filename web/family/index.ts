/** `/account/family…`: for whom one acts, who acts for oneself, and for whom the pages act now; `/family-requests`. */
import type { FastifyInstance } from 'fastify';

import { actingPages } from './acting';
import { addingPages } from './adding';
import { familyListPages } from './list';
import { requestPages } from './requests';

export function familyPages(app: FastifyInstance): void {
  familyListPages(app);
  addingPages(app);
  actingPages(app);
  requestPages(app);
}
