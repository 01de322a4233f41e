/** Binding this phone by a device code, typed or scanned; the phone's own script does it, so it has to run. */
import type { FastifyInstance } from 'fastify';

import { deviceNameLength } from '../../domain/device-binding/device-binding';
import { appWords } from './frame';

/** Registers `/app/bind`. The code of a scanned address stands in its fragment, which never reaches us. */
export function bindingPage(app: FastifyInstance): void {
  app.get('/app/bind', async (request, reply) => {
    const { words } = request;
    const { t } = words;
    return reply.page('app/bind.njk', {
      title: t.app.bindTitle,
      back: '/app',
      appWords: appWords(words),
      nameLength: deviceNameLength,
      suggestedName: t.app.bindNameSuggested,
    });
  });
}
