/** The registry's HTTP messages as schemas, by which the adapter checks answers and the simulator questions. */
import { Type, type Static } from 'typebox';

import { cardIssueReasons, cardIssueWays, insuredStates } from '../../domain/card-account/card-standing';
import { provers } from './port';

/** Asked by POST, so that no number stands in an address or an access log. */
export const verificationPath = '/v1/card-verifications';

const civilDate = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });

export const verificationRequest = Type.Object(
  {
    personNumber: Type.String({ pattern: '^[A-Z][A-Z0-9]\\d{8}$' }),
    cardNumber: Type.String({ pattern: '^\\d{12}$' }),
  },
  { additionalProperties: false },
);

/** For authorised stations: who is this, without a card. Answered like a verification. */
export const lookupPath = '/v1/person-lookups';

export const lookupRequest = Type.Object(
  {
    personNumber: Type.String({ pattern: '^[A-Z][A-Z0-9]\\d{8}$' }),
    birthDate: civilDate,
    stationId: Type.String({ pattern: '^[A-Za-z0-9-]{1,40}$' }),
  },
  { additionalProperties: false },
);

/** Do household number and registered address belong to this person? */
export const householdPath = '/v1/household-verifications';

export const householdRequest = Type.Object(
  {
    registryPersonId: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    householdNumber: Type.String({ pattern: '^[A-Z][A-Z0-9]\\d{6}$' }),
    registeredAddress: Type.String({ maxLength: 200 }),
  },
  { additionalProperties: false },
);

export const householdAnswer = Type.Object({
  outcome: Type.Union([Type.Literal('match'), Type.Literal('noMatch')]),
});

/** Is this the child, or a parent, of that person? Answered like a verification. */
export const kinshipPath = '/v1/kinship-verifications';

const kinOf = {
  registryPersonId: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
  personNumber: Type.String({ pattern: '^[A-Z][A-Z0-9]\\d{8}$' }),
};

export const kinshipRequest = Type.Union([
  Type.Object(
    { ...kinOf, kin: Type.Literal('child'), cardNumber: Type.String({ pattern: '^\\d{12}$' }) },
    { additionalProperties: false },
  ),
  Type.Object(
    { ...kinOf, kin: Type.Literal('parent'), birthDate: civilDate },
    { additionalProperties: false },
  ),
]);

/** Who is this, whom a carrier or a certificate has proved? Answered like a verification. */
export const provedPath = '/v1/proved-people';

export const provedRequest = Type.Object(
  { personNumber: Type.String({ pattern: '^[A-Z][A-Z0-9]\\d{8}$' }), provedBy: Type.Enum([...provers]) },
  { additionalProperties: false },
);

const registryPerson = Type.Object({
  registryPersonId: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
  name: Type.String({ minLength: 1 }),
  birthDate: civilDate,
  sex: Type.Union([Type.Literal('male'), Type.Literal('female')]),
  personNumbers: Type.Array(
    Type.Object({
      number: Type.String(),
      validFrom: Type.Union([civilDate, Type.Null()]),
      validTo: Type.Union([civilDate, Type.Null()]),
    }),
    { minItems: 1 },
  ),
  cardNumber: Type.String({ pattern: '^\\d{12}$' }),
  priorityGroups: Type.Array(Type.Integer({ minimum: 1, maximum: 10 })),
  previousDoses: Type.Array(
    Type.Object({
      product: Type.String({ minLength: 1 }),
      givenOn: civilDate,
      doseNumber: Type.Integer({ minimum: 1, maximum: 9 }),
    }),
  ),
  /** Left out where no duplicate was cleared. */
  duplicateCleared: Type.Optional(Type.Boolean()),
  /** Left out by a registry that keeps none. */
  parentalConsents: Type.Optional(
    Type.Array(
      Type.Object({
        product: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
        consentedOn: civilDate,
      }),
    ),
  ),
});

export const verificationAnswer = Type.Union([
  Type.Object({ outcome: Type.Literal('match'), person: registryPerson }),
  Type.Object({ outcome: Type.Literal('noMatch') }),
]);

/** Asked by POST too. */
export const cardStatusPath = '/v1/card-status-readings';

export const cardStatusRequest = Type.Object(
  { registryPersonId: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }) },
  { additionalProperties: false },
);

export const cardStatusAnswer = Type.Union([
  Type.Object({
    outcome: Type.Literal('found'),
    cardNumber: Type.String({ pattern: '^\\d{12}$' }),
    priorityGroups: Type.Array(Type.Integer({ minimum: 1, maximum: 10 })),
    /** Each of these is left out where the registry does not say. */
    insured: Type.Optional(Type.Enum([...insuredStates])),
    lastNotInsuredOn: Type.Optional(civilDate),
    hasArrears: Type.Optional(Type.Boolean()),
    issues: Type.Optional(
      Type.Array(
        Type.Object({
          issuedOn: civilDate,
          way: Type.Enum([...cardIssueWays]),
          reason: Type.Enum([...cardIssueReasons]),
        }),
      ),
    ),
    reaches: Type.Optional(Type.Object({ from: civilDate, to: civilDate })),
  }),
  Type.Object({ outcome: Type.Literal('nothing') }),
]);

export type CardStatusRequest = Static<typeof cardStatusRequest>;
export type HouseholdRequest = Static<typeof householdRequest>;
export type KinshipRequest = Static<typeof kinshipRequest>;
export type LookupRequest = Static<typeof lookupRequest>;
export type ProvedRequest = Static<typeof provedRequest>;
export type VerificationRequest = Static<typeof verificationRequest>;
export type VerificationAnswer = Static<typeof verificationAnswer>;
