/** The station that acts, by the key that it sends along or that its browser was given, and what its kind may do. */
import type { FastifyRequest } from 'fastify';

import { stationMay, type StationRight } from '../domain/station/station';
import type { StationContext } from '../ledger/attendance';
import { findStation, findStationById, type Station } from '../ledger/station';
import { findStaff, type StationStaff } from '../ledger/station-staff';
import { bearerToken } from './bearer';
import type { StationOfSession } from './plugins/session';
import { RefusedRequest } from './problems';

/** Without an act for this long staff type their code again, and at the latest after a shift. */
const staffIdleMs = 30 * 60_000;
const staffShiftMs = 10 * 3_600_000;

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

/**
 * The enrolled station that asks. Refuses with `stationUnknown`, and with `stationMayNot` where its kind has not that
 * right.
 */
export async function stationOf(request: FastifyRequest, right: StationRight): Promise<Station> {
  const station = await findStationOf(request);
  if (!station) throw new RefusedRequest({ code: 'stationUnknown' });
  if (!stationMay(station.kind, right)) throw new RefusedRequest({ code: 'stationMayNot' });
  return station;
}

/** The station by the request's bearer token, else by the cookie of its own browser; undefined when there is none. */
export async function findStationOf(request: FastifyRequest): Promise<Station | undefined> {
  const { db } = request.server.ledger;
  const key = bearerToken(request);
  if (key !== undefined) return findStation(db, key);
  const stationId = request.stationDevice.get('stationId');
  if (stationId === undefined) return undefined;
  const station = await findStationById(db, stationId);
  return station?.enrolledAt === request.stationDevice.get('enrolledAt') ? station : undefined;
}

/** What a session that this station begins keeps of it. */
export function sessionAt(
  { stationId, kind, place: { nameZh, nameEn } }: Station,
  assistedBy?: StationOfSession['assistedBy'],
): StationOfSession {
  return { stationId, kind, nameZh, nameEn, ...(assistedBy && { assistedBy }) };
}

/** Gives the browser of a station the cookie by which it is known from then on. */
export function rememberStation(request: FastifyRequest, { stationId, enrolledAt }: Station): void {
  request.stationDevice.set('stationId', stationId);
  request.stationDevice.set('enrolledAt', enrolledAt);
  request.stationDevice.set('staff', undefined);
}

/** Notes who of the staff works at the station's browser. */
export function rememberStaff(request: FastifyRequest, { staffId, designatedAt }: StationStaff): void {
  const now = Date.now();
  request.stationDevice.set('staff', { staffId, designatedAt, since: now, lastActAt: now });
}

/**
 * Who of the station's staff asks, by the code in `Station-Staff` or by that typed in its browser. Refuses with
 * `stationStaffUnknown`.
 */
export async function staffOf(request: FastifyRequest, station: Station): Promise<StationStaff> {
  const staff = await findStaffOf(request, station);
  if (!staff) throw new RefusedRequest({ code: 'stationStaffUnknown' });
  return staff;
}

/** The same; undefined when nobody is known, or nothing was done for too long. */
export async function findStaffOf(
  request: FastifyRequest,
  { stationId }: Station,
): Promise<StationStaff | undefined> {
  const { db } = request.server.ledger;
  const key = request.headers['station-staff'];
  if (typeof key === 'string') return findStaff(db, stationId, { key });
  const known = request.stationDevice.get('staff');
  const now = Date.now();
  if (!known || now - known.lastActAt > staffIdleMs || now - known.since > staffShiftMs) return undefined;
  const staff = await findStaff(db, stationId, { staffId: known.staffId });
  if (staff?.designatedAt !== known.designatedAt) return undefined;
  request.stationDevice.set('staff', { ...known, lastActAt: now });
  return staff;
}
