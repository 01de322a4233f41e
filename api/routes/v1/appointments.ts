/** `/v1/appointments`: book, read, move, cancel, take along. Somebody else's appointment is as unknown as none. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { maskMobile } from '../../../domain/person-number/masks';
import { readAppointment, readAppointments, type AppointmentView } from '../../../ledger/booking';
import { findRound } from '../../../ledger/round';
import { calendarFile } from '../../calendar-file';
import { acceptedValue, languageOf, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';

const byNumber = Type.Object({ appointmentNumber: shape.appointmentNumber });

/** Reasons that the right to book and the slot give, for booking as for moving. */
const takingProblems = [
  'slotUnknown',
  'slotFull',
  'slotPast',
  'slotClosed',
  'slotOfOtherProduct',
  'bookingNotOpenYet',
  'bookingClosed',
  'notInvited',
  'notInOpenGroup',
  'alreadyAttended',
  'doseIntervalNotReached',
  'consentMissing',
  'mixedIntentMissing',
  'productNotAfterPreviousDose',
] as const;

/** An appointment as its owner, or who acts for them, reads it. */
export const appointmentView = ({ mobile, ...appointment }: AppointmentView) => ({
  ...appointment,
  maskedMobile: maskMobile(mobile),
});

export const appointmentRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/appointments',
    {
      schema: {
        operationId: 'listAppointments',
        tags: ['booking'],
        summary: 'My appointments, newest first',
        headers: shape.familyHeaders,
        response: {
          200: Type.Object({ appointments: Type.Array(shape.appointment) }),
          ...shape.problems({ citizen: true, family: true }),
        },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      return { appointments: (await readAppointments(app.ledger, personKey)).map(appointmentView) };
    },
  );

  app.post(
    '/appointments',
    {
      config: { revocation: 'byCommand' },
      schema: {
        operationId: 'bookAppointment',
        tags: ['booking'],
        summary: 'Book a time slot',
        headers: shape.familyWriteHeaders,
        body: Type.Object(
          { slotId: shape.slotId, mobile: shape.mobile, language: Type.Optional(shape.language) },
          { additionalProperties: false },
        ),
        response: {
          201: shape.appointment,
          ...shape.problems(
            { write: true, citizen: true, family: true },
            ...takingProblems,
            'alreadyBooked',
            'mobileInvalid',
          ),
        },
      },
    },
    async (request, reply) => {
      const context = request.commandContext('api');
      const wish = { ...request.body, language: request.body.language ?? 'zh' };
      const { appointmentNumber, appointment } = acceptedValue(await app.acts.book(context, wish));
      return reply
        .code(201)
        .header('location', `/v1/appointments/${appointmentNumber}`)
        .send(appointmentView(appointment));
    },
  );

  app.get(
    '/appointments/:appointmentNumber',
    {
      schema: {
        operationId: 'getAppointment',
        tags: ['booking'],
        summary: 'One of my appointments',
        params: byNumber,
        headers: shape.familyHeaders,
        response: {
          200: shape.appointment,
          ...shape.problems({ citizen: true, family: true }, 'appointmentUnknown'),
        },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      return appointmentView(await own(app, personKey, request.params.appointmentNumber));
    },
  );

  app.put(
    '/appointments/:appointmentNumber',
    {
      config: { revocation: 'byCommand' },
      schema: {
        operationId: 'moveAppointment',
        tags: ['booking'],
        summary: 'Move to another time slot; the booking number stays, and the old slot if it fails',
        params: byNumber,
        headers: shape.familyWriteHeaders,
        body: Type.Object({ slotId: shape.slotId }, { additionalProperties: false }),
        response: {
          200: shape.appointment,
          ...shape.problems(
            { write: true, citizen: true, family: true },
            ...takingProblems,
            'slotUnchanged',
            'appointmentUnknown',
            'appointmentNotLive',
          ),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const wish = { ...request.params, ...request.body };
      const { appointmentNumber } = acceptedValue(await app.acts.move(context, wish));
      return appointmentView(await own(app, context.personKey, appointmentNumber));
    },
  );

  app.delete(
    '/appointments/:appointmentNumber',
    {
      config: { revocation: 'byCommand' },
      schema: {
        operationId: 'cancelAppointment',
        tags: ['booking'],
        summary: 'Cancel; the place is free for others at once',
        params: byNumber,
        headers: shape.familyWriteHeaders,
        response: {
          200: shape.appointment,
          ...shape.problems(
            { write: true, citizen: true, family: true },
            'appointmentUnknown',
            'appointmentNotLive',
            'bookingClosed',
            'slotPast',
          ),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const { appointmentNumber } = acceptedValue(await app.acts.cancel(context, request.params));
      return appointmentView(await own(app, context.personKey, appointmentNumber));
    },
  );

  app.get(
    '/appointments/:appointmentNumber/calendar.ics',
    {
      schema: {
        operationId: 'getAppointmentCalendar',
        tags: ['booking'],
        summary: 'The appointment as a calendar file',
        params: byNumber,
        headers: shape.familyHeaders,
        response: {
          200: { description: 'iCalendar', content: { 'text/calendar': { schema: Type.String() } } },
          ...shape.problems({ citizen: true, family: true }, 'appointmentUnknown'),
        },
      },
    },
    async (request, reply) => {
      const { personKey } = request.requireCitizen();
      const appointment = await own(app, personKey, request.params.appointmentNumber);
      const round = await findRound(app.ledger.db, appointment.roundId);
      const file = calendarFile(appointment, round, languageOf(request.headers['accept-language']));
      return reply
        .type('text/calendar; charset=utf-8')
        .header('content-disposition', `attachment; filename="yiyue-${appointment.appointmentNumber}.ics"`)
        .serializer((text: string) => text)
        .send(file);
    },
  );
};

async function own(
  app: FastifyInstance,
  personKey: string,
  appointmentNumber: string,
): Promise<AppointmentView> {
  const found = await readAppointment(app.ledger, personKey, appointmentNumber);
  if (!found) throw new RefusedRequest({ code: 'appointmentUnknown' });
  return found;
}
