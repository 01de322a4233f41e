/**
 * Staff who act for somebody read out what they are about to do; what was not confirmed is not done. Programs of a
 * hotline say so in a header of each call that commits something; pages have a box to tick.
 */
import fp from 'fastify-plugin';

import { RefusedRequest } from '../problems';

const writes: readonly string[] = ['POST', 'PUT', 'DELETE'];
/** What commits something in a person's name: first parts of the addresses under `/v1`, and by which methods. */
const committing: ReadonlyMap<string, readonly string[]> = new Map([
  ...['registration', 'appointments', 'waiting-list', 'place-offers', 'leftover-requests'].map(
    (first) => [first, writes] as const,
  ),
  // An elder's word; nothing else of a family is done at a station.
  ['family-bonds', ['PUT']] as const,
]);

export const readBackPlugin = fp(
  async (app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      const [, version, first = ''] = (request.url.split('?', 1)[0] ?? '').split('/');
      const commits = version === 'v1' && (committing.get(first) ?? []).includes(request.method);
      const assisted = request.citizen?.station?.assistedBy !== undefined;
      if (!assisted || !commits || request.headers['read-back'] === 'confirmed') done();
      else done(new RefusedRequest({ code: 'notReadBack' }));
    });
  },
  { name: 'read-back', dependencies: ['session'] },
);
