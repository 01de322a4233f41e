/**
 * What a session that a station began is good for: taking part in rounds, and an elder's word on a family's request
 * where there is staff to hear it; nothing of an account or a device. A card was read or staff looked somebody up; that
 * is enough for these and for nothing that lasts.
 */
import fp from 'fastify-plugin';

import { RefusedRequest } from '../problems';

/** First parts of the addresses that serve it; everything else that has to do with a person is refused. */
const within = new Set([
  ...[
    '',
    'assets',
    'favicon.ico',
    'session',
    'station',
    'registration',
    'booking',
    'appointment',
    'waiting-list',
  ],
  ...['leftover', 'settlement', 'privacy', 'accessibility', 'lookup', 'family-requests'],
]);
const withinApi = new Set([
  ...['station', 'sessions', 'rounds', 'registration', 'invitation', 'sites', 'appointments', 'waiting-list'],
  ...[
    'place-offers',
    'leftover-requests',
    'leftover-draws',
    'settlements',
    'slots',
    'captcha',
    'waiting-room',
  ],
  ...['card-bridges', 'card-challenges', 'quick-lookups', 'family-bonds'],
]);

export const stationFencePlugin = fp(
  async (app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      if (!request.citizen?.station || isWithin(request.url)) done();
      else done(new RefusedRequest({ code: 'stationMayNot' }));
    });
  },
  { name: 'station-fence', dependencies: ['session'] },
);

function isWithin(url: string): boolean {
  const [first = '', second = ''] = (url.split('?', 1)[0] ?? '').slice(1).split('/');
  return first === 'v1' ? withinApi.has(second) : within.has(first);
}
