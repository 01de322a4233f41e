/** What a person reads on an appointment that the authority cancelled: why, and the way on. */
import type { FastifyInstance } from 'fastify';

import { readBookingRights } from '../ledger/invitation';
import type { AppointmentChoice } from './appointment-choice';
import type { CitizenPage } from './citizen-page';
import type { Words } from './words';

/** Undefined for an appointment that the authority did not cancel. */
export async function closureLines(
  app: FastifyInstance,
  citizen: CitizenPage,
  { view, live }: AppointmentChoice,
  { t, moment }: Words,
): Promise<readonly string[] | undefined> {
  if (!view?.closedFor) return undefined;
  const why = t.appointment.closedFor[view.closedFor];
  if (live.some(({ roundId }) => roundId === view.roundId)) return [why, t.appointment.closedRebooked];
  const { open } = await readBookingRights(app.ledger, citizen.person, citizen.rounds, citizen.now);
  const right = open.find(({ round }) => round.roundId === view.roundId);
  return [why, right ? t.appointment.closedUntil(moment(right.closesAt)) : t.appointment.closedOver];
}
