/** The station that acts, by the key that it sends along, and whether its kind may do what is asked. */
import type { FastifyRequest } from 'fastify';

import { stationMay, type StationRight } from '../domain/station/station';
import type { StationContext } from '../ledger/attendance';
import { findStation, type Station } from '../ledger/station';
import { bearerToken } from './bearer';
import { RefusedRequest } from './problems';

/** The desk at a site that asks, with the context of its commands. Refuses with `stationUnknown` and `stationMayNot`. */
export async function deskOf(
  request: FastifyRequest,
  right: Extract<StationRight, 'recordAttendance' | 'phoneLeftover'>,
): Promise<{ readonly siteId: string; readonly context: StationContext }> {
  const { stationId, siteId } = await stationOf(request, right);
  if (siteId === null) throw new RefusedRequest({ code: 'stationMayNot' });
  const { idempotency } = request;
  return {
    siteId,
    context: { actor: 'station', channel: `station:${stationId}`, ...(idempotency ? { idempotency } : {}) },
  };
}

/** The enrolled station of the request's bearer token. Refuses with `stationUnknown` and `stationMayNot`. */
export async function stationOf(request: FastifyRequest, right: StationRight): Promise<Station> {
  const key = bearerToken(request);
  const station = key === undefined ? undefined : await findStation(request.server.ledger.db, key);
  if (!station) throw new RefusedRequest({ code: 'stationUnknown' });
  if (!stationMay(station.kind, right)) throw new RefusedRequest({ code: 'stationMayNot' });
  return station;
}
