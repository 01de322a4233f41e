/** A station's own screens: set up by its key, "insert your card", what can be done here. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { findStationOf, rememberStation } from '../../api/station-key';
import { stationMay } from '../../domain/station/station';
import { findStation, type Station } from '../../ledger/station';
import { field, formErrors, hasErrors, parameter, type FormErrors } from '../forms';
import { refusalPage } from '../refusals';
import { assistedPages } from './assisted';
import { stationFrame, stationPageFrame } from './frame';

const noAct = { config: { act: false } } as const;

/** Registers `/station…`. */
export function stationPages(app: FastifyInstance): void {
  app.get('/station', noAct, async (request, reply) => {
    if (request.citizen?.station) return reply.redirect('/station/menu', 303);
    const station = await findStationOf(request);
    if (!station) return enterPage(request, reply, formErrors({}));
    if (stationMay(station.kind, 'readCard')) return startPage(request, reply, station);
    if (stationMay(station.kind, 'assist')) return reply.redirect('/station/assisted', 303);
    const { t } = request.words;
    return reply.page('message.njk', {
      title: t.station.notForPeople,
      paragraphs: [t.station.notForPeopleText],
      station: stationPageFrame(station, request.words, '/station'),
    });
  });

  app.post('/station', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { t } = request.words;
    const key = field(request, 'stationKey');
    if (key === '') return enterPage(request, reply, formErrors({ stationKey: t.station.keyMissing }));
    const tooMany = await app.limits.pace('stationKey', request.ip);
    if (tooMany) return refusalPage(request, reply, tooMany);
    const station = await findStation(app.ledger.db, key);
    if (!station) return enterPage(request, reply, formErrors({ stationKey: t.station.keyWrong }));
    rememberStation(request, station);
    return reply.redirect('/station', 303);
  });

  app.get('/station/menu', async (request, reply) => {
    if (!request.citizen?.station) return reply.redirect('/station', 303);
    return menuPage(request, reply);
  });

  assistedPages(app);
}

async function enterPage(
  request: FastifyRequest,
  reply: FastifyReply,
  found: FormErrors,
): Promise<FastifyReply> {
  const { t } = request.words;
  return reply.page(
    'station/enter.njk',
    { title: t.station.enterTitle, reachesBridge: true, ...found },
    hasErrors(found) ? 422 : 200,
  );
}

/** Waits for a card. Nothing of the person before stands on it, nor the language in which they read. */
async function startPage(
  request: FastifyRequest,
  reply: FastifyReply,
  station: Station,
): Promise<FastifyReply> {
  const { t } = request.words;
  const ended = parameter(request, 'ended');
  return reply.page('station/start.njk', {
    title: t.station.startTitle,
    station: stationPageFrame(station, request.words, '/station'),
    notice: ended === 'over' ? t.station.over : ended === 'finished' ? t.station.finished : undefined,
    assists: stationMay(station.kind, 'assist'),
  });
}

async function menuPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { t } = request.words;
  const station = stationFrame(request.citizen?.station ?? undefined, request.words);
  const choices = [
    { href: '/registration', title: t.station.register, text: t.station.registerText },
    { href: '/booking', title: t.station.book, text: t.station.bookText },
    { href: '/appointment', title: t.station.appointment, text: t.station.appointmentText },
    ...(station?.takesBack
      ? [{ href: '/appointment/cancel', title: t.station.cancel, text: t.station.cancelText }]
      : []),
    { href: '/waiting-list', title: t.station.waitingList, text: t.station.waitingListText },
    { href: '/leftover', title: t.station.leftover, text: t.station.leftoverText },
    ...(station?.answersFamily
      ? [{ href: '/family-requests', title: t.family.stationTile, text: t.family.stationTileText }]
      : []),
  ];
  return reply.page('station/menu.njk', { title: t.station.menuTitle, choices, returnTo: '/station/menu' });
}
