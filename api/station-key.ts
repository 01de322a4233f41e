/** The station that acts, by the key that it sends along. */
import type { FastifyRequest } from 'fastify';

import type { StationContext } from '../ledger/attendance';
import { findStation, type Station } from '../ledger/station';
import { bearerToken } from './bearer';
import { RefusedRequest } from './problems';

/** The enrolled station of the request's bearer token, with the context of its commands. Refuses with `stationUnknown`. */
export async function stationOf(
  request: FastifyRequest,
): Promise<{ readonly station: Station; readonly context: StationContext }> {
  const key = bearerToken(request);
  const station = key === undefined ? undefined : await findStation(request.server.ledger.db, key);
  if (!station) throw new RefusedRequest({ code: 'stationUnknown' });
  const { idempotency } = request;
  const channel = `station:${station.stationId}`;
  return { station, context: { actor: 'station', channel, ...(idempotency ? { idempotency } : {}) } };
}
