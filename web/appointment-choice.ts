/**
 * Which of a person's appointments a page is about: the one that the address names by its number or its round, else
 * the only one that stands, else the newest. Somebody with several that stand chooses first.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { readAppointments, type AppointmentView } from '../ledger/booking';
import { parameter } from './forms';
import { refusalPage } from './refusals';

export interface AppointmentChoice {
  /** Undefined when there is none, or none of that number, or when the choice is the person's. */
  readonly view: AppointmentView | undefined;
  /** All that stand: one a round at most. */
  readonly live: readonly AppointmentView[];
}

/** Makes the choice for the signed-in person; `roundId` where the page knows it from elsewhere than the address. */
export async function chosenAppointment(
  app: FastifyInstance,
  request: FastifyRequest,
  roundId = parameter(request, 'round'),
): Promise<AppointmentChoice> {
  const all = await readAppointments(app.ledger, request.requireCitizen().personKey);
  const live = all.filter(({ status }) => status === 'booked');
  const number = parameter(request, 'number');
  const view =
    number === ''
      ? (live.find((each) => each.roundId === roundId) ?? (live.length > 1 ? undefined : (live[0] ?? all[0])))
      : all.find(({ appointmentNumber }) => appointmentNumber === number);
  return { view, live };
}

/** A page about an appointment that stands; leads to the list, or says why there is none to act on. */
export async function showStanding(
  request: FastifyRequest,
  reply: FastifyReply,
  { view, live }: AppointmentChoice,
  show: (view: AppointmentView) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  if (!view && live.length > 1) return reply.redirect('/appointment', 303);
  if (!view) return refusalPage(request, reply, { code: 'appointmentUnknown' });
  const { status } = view;
  if (status !== 'booked') return refusalPage(request, reply, { code: 'appointmentNotLive', status });
  return show(view);
}

/** What addresses of an appointment's pages carry, so that they stay with it: nothing where it stands alone. */
export function numberQuery({ view, live }: AppointmentChoice): string {
  const several = live.some((each) => each.appointmentNumber !== view?.appointmentNumber);
  return view && several ? `?number=${view.appointmentNumber}` : '';
}
