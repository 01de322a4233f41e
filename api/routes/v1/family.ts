/** `/v1/family-bonds`, `/v1/family-history`, `/v1/parental-consent`: who acts for whom in a family, and what came of it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { familyKinds } from '../../../domain/family/family-bond';
import { readFamily, refuseFamilyHere, type FamilyBondView } from '../../family-acts';
import { acceptedValue, RefusedRequest } from '../../problems';
import * as shape from '../../schemas';

const member = Type.Object({ maskedName: Type.String(), maskedNumber: Type.String() });

const bond = Type.Object({
  familyBondId: shape.familyBondId,
  kind: Type.Enum([...familyKinds], {
    description: 'for whom: a child under fifteen, or an elder who agrees',
  }),
  role: Type.Enum(['acts', 'isActedFor'], { description: 'your own part' }),
  other: member,
  standing: Type.Enum(
    [
      ...['waiting', 'stands', 'grownUp', 'expired', 'declined'],
      ...['takenBack', 'endedByActor', 'endedByPerson'],
    ],
    { description: 'only while it `stands` may anything be done' },
  ),
  askedAt: shape.instant,
  answerUntil: shape.nullable(shape.instant),
  agreedAt: shape.nullable(shape.instant),
  endsOn: shape.nullable(
    Type.String({ description: 'civil date: the child’s fifteenth birthday, from which on nothing is done' }),
  ),
  endedAt: shape.nullable(shape.instant),
});

/** Without the keys of the two, which mean nothing outside. */
const view = ({ byKey: _byKey, forKey: _forKey, ...told }: FamilyBondView) => told;

const byId = Type.Object({ familyBondId: shape.familyBondId });
const consent = Type.Object(
  { product: shape.nullable(shape.product) },
  { additionalProperties: false, description: 'null: to whichever product is offered' },
);

export const familyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/family-bonds',
    {
      schema: {
        operationId: 'listFamilyBonds',
        tags: ['family'],
        summary: 'For whom I act and who acts for me, newest first',
        response: {
          200: Type.Object({ familyBonds: Type.Array(bond) }),
          ...shape.problems({ citizen: true }, 'stationMayNot'),
        },
      },
    },
    async (request) => {
      const refusal = refuseFamilyHere(request);
      if (refusal) throw new RefusedRequest(refusal);
      const { bonds } = await readFamily(app, request.requireCitizen().personKey);
      return { familyBonds: bonds.map(view) };
    },
  );

  app.post(
    '/family-bonds',
    {
      schema: {
        operationId: 'beginFamilyBond',
        tags: ['family'],
        summary:
          'Act for one’s child under fifteen, by its card and at once; or ask an elder, whose child one is, for their word',
        headers: shape.writeHeaders,
        body: Type.Union([
          Type.Object(
            { kind: Type.Literal('child'), personNumber: shape.personNumber, cardNumber: shape.cardNumber },
            { additionalProperties: false },
          ),
          Type.Object(
            { kind: Type.Literal('elder'), personNumber: shape.personNumber, birthDate: shape.birthDate },
            { additionalProperties: false },
          ),
        ]),
        response: {
          201: bond,
          ...shape.problems(
            { write: true, citizen: true },
            'personNumberInvalid',
            'cardNumberInvalid',
            'birthDateInvalid',
            'tooManyAttempts',
            'familyNotConfirmed',
            'familyChildGrownUp',
            'familyActorTooYoung',
            'registryUnavailable',
            'stationMayNot',
          ),
        },
      },
    },
    async (request, reply) => {
      const context = request.commandContext('api');
      const { body } = request;
      const { family } = app.acts;
      const outcome =
        body.kind === 'child'
          ? await family.takeChild(request, context, body)
          : await family.askElder(request, context, body);
      const { familyBondId } = acceptedValue(outcome);
      return reply.code(201).send(await one(app, context.personKey, familyBondId));
    },
  );

  app.put(
    '/family-bonds/:familyBondId/answer',
    {
      schema: {
        operationId: 'answerFamilyRequest',
        tags: ['family'],
        summary:
          'Agree, or not, that one’s adult child acts; with a session of one’s own or of a station with staff',
        headers: shape.writeHeaders,
        params: byId,
        body: Type.Object({ agreed: Type.Boolean() }, { additionalProperties: false }),
        response: {
          200: bond,
          ...shape.problems(
            { write: true, citizen: true },
            'familyBondUnknown',
            'familyBondEnded',
            'familyRequestExpired',
            'stationMayNot',
          ),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const wish = { ...request.params, ...request.body };
      const { familyBondId } = acceptedValue(await app.acts.family.answerFamilyRequest(context, wish));
      return one(app, context.personKey, familyBondId);
    },
  );

  app.delete(
    '/family-bonds/:familyBondId',
    {
      schema: {
        operationId: 'endFamilyBond',
        tags: ['family'],
        summary: 'End it, or take a request back, by either of the two; nothing more is done from then on',
        headers: shape.writeHeaders,
        params: byId,
        response: {
          200: bond,
          ...shape.problems({ write: true, citizen: true }, 'familyBondUnknown', 'stationMayNot'),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const { familyBondId } = acceptedValue(await app.acts.family.endFamilyBond(context, request.params));
      return one(app, context.personKey, familyBondId);
    },
  );

  app.get(
    '/family-history',
    {
      schema: {
        operationId: 'getFamilyHistory',
        tags: ['family'],
        summary: 'What was done in my name by my family, and by me in theirs, newest first',
        response: {
          200: Type.Object({
            entries: Type.Array(
              Type.Object({
                at: shape.instant,
                act: Type.String(),
                role: Type.Enum(['did', 'wasDone']),
                other: member,
                number: shape.nullable(
                  Type.String({ description: 'of the appointment, registration or ticket' }),
                ),
              }),
            ),
          }),
          ...shape.problems({ citizen: true }),
        },
      },
    },
    async (request) => {
      const { history } = await readFamily(app, request.requireCitizen().personKey);
      return { entries: history.map(({ otherKey: _otherKey, ...told }) => told) };
    },
  );

  app.put(
    '/parental-consent',
    {
      schema: {
        operationId: 'giveParentalConsent',
        tags: ['family'],
        summary: 'A parent’s consent to a vaccine for the child for whom they act (`Acting-For`)',
        headers: shape.familyWriteHeaders,
        body: consent,
        response: {
          200: consent,
          ...shape.problems(
            { write: true, citizen: true, family: true },
            'consentNotYours',
            'consentNotNeeded',
            'productNotOffered',
          ),
        },
      },
    },
    async (request) => {
      const wish = { ...request.body, given: true };
      const outcome = await app.acts.family.consentForChild(request.commandContext('api'), wish);
      return { product: acceptedValue(outcome).product };
    },
  );

  app.delete(
    '/parental-consent',
    {
      schema: {
        operationId: 'takeParentalConsentBack',
        tags: ['family'],
        summary:
          'Take back what a parent consented to here; a consent on paper stands until an operator revokes it',
        headers: shape.familyWriteHeaders,
        response: {
          200: consent,
          ...shape.problems({ write: true, citizen: true, family: true }, 'consentNotYours'),
        },
      },
    },
    async (request) => {
      const wish = { product: null, given: false };
      const outcome = await app.acts.family.consentForChild(request.commandContext('api'), wish);
      return { product: acceptedValue(outcome).product };
    },
  );
};

async function one(app: FastifyInstance, personKey: string, familyBondId: string) {
  const { bonds } = await readFamily(app, personKey);
  const found = bonds.find((each) => each.familyBondId === familyBondId);
  if (!found) throw new RefusedRequest({ code: 'familyBondUnknown' });
  return view(found);
}
