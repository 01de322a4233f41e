/** `/v1/registration`: one's own intent registration (意願登記): read, register or change, withdraw. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { maskMobile } from '../../../domain/person-number/masks';
import type { Round } from '../../../domain/round/round';
import { readRegistration, type RegistrationView } from '../../../ledger/registration';
import { currentRounds, registrationRoundFor } from '../../../ledger/round';
import { acceptedValue, RefusedRequest } from '../../problems';
import { districtCode, language, mobile, problems, product, registration, writeHeaders } from '../../schemas';

const view = ({ mobile: full, products, ...rest }: RegistrationView) => ({
  ...rest,
  products: [...products],
  maskedMobile: maskMobile(full),
});

/** Reasons that the registration window gives, for changing as for withdrawing. */
const windowProblems = [
  'noOpenRound',
  'registrationNotOpenYet',
  'registrationClosed',
  'notInOpenGroup',
  'alreadySettled',
] as const;

export const registrationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/registration',
    {
      schema: {
        operationId: 'getRegistration',
        tags: ['registration'],
        summary: 'My registration',
        response: { 200: registration, ...problems({ citizen: true }, 'notRegistered') },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      for (const { roundId } of await roundsToLookIn(app, personKey)) {
        const found = await readRegistration(app.ledger, personKey, roundId);
        if (found) return view(found);
      }
      throw new RefusedRequest({ code: 'notRegistered' });
    },
  );

  app.put(
    '/registration',
    {
      schema: {
        operationId: 'register',
        tags: ['registration'],
        summary: 'Register, or change my registration; its number stays',
        headers: writeHeaders,
        body: Type.Object(
          {
            mobile,
            districtCode,
            products: Type.Array(product, { maxItems: 20 }),
            language: Type.Optional(language),
          },
          { additionalProperties: false },
        ),
        response: {
          200: registration,
          ...problems(
            { write: true, citizen: true },
            ...windowProblems,
            'districtUnknown',
            'mobileInvalid',
            'productRequired',
            'productNotOffered',
            'productNotAfterPreviousDose',
            'doseIntervalNotReached',
          ),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const { roundId } = await registrationRound(app, context.personKey);
      const wish = { ...request.body, roundId, language: request.body.language ?? 'zh' };
      return view(acceptedValue(await app.acts.register(context, wish)));
    },
  );

  app.delete(
    '/registration',
    {
      schema: {
        operationId: 'withdraw',
        tags: ['registration'],
        summary: 'Withdraw my registration',
        headers: writeHeaders,
        response: {
          200: registration,
          ...problems({ write: true, citizen: true }, ...windowProblems, 'notRegistered'),
        },
      },
    },
    async (request) => {
      const context = request.commandContext('api');
      const { roundId } = await registrationRound(app, context.personKey);
      return view(acceptedValue(await app.acts.withdraw(context, { roundId })));
    },
  );
};

async function groupsOf(app: FastifyInstance, personKey: string): Promise<readonly number[]> {
  const person = await app.ledger.db
    .selectFrom('person')
    .select('priority_groups')
    .where('person_key', '=', personKey)
    .executeTakeFirst();
  if (!person) throw new RefusedRequest({ code: 'sessionRequired' });
  return person.priority_groups;
}

/**
 * The round that a wish to register concerns. When none is open to the person, the one whose refusal says most:
 * the current one, or the one that ended last.
 */
async function registrationRound(app: FastifyInstance, personKey: string): Promise<Round> {
  const rounds = await app.rounds();
  const now = await app.ledgerNow();
  const round =
    registrationRoundFor(rounds, await groupsOf(app, personKey), now) ??
    currentRounds(rounds, now).registration ??
    rankedNewestFirst(rounds)[0];
  if (!round) throw new RefusedRequest({ code: 'noOpenRound' });
  return round;
}

async function roundsToLookIn(app: FastifyInstance, personKey: string): Promise<readonly Round[]> {
  const rounds = await app.rounds();
  const current = registrationRoundFor(rounds, await groupsOf(app, personKey), await app.ledgerNow());
  return current
    ? [current, ...rankedNewestFirst(rounds).filter((round) => round !== current)]
    : rankedNewestFirst(rounds);
}

function rankedNewestFirst(rounds: readonly Round[]): readonly Round[] {
  return rounds
    .filter(({ kind }) => kind === 'rankThenInvite')
    .sort((a, b) => Date.parse(b.registrationEndsAt ?? '') - Date.parse(a.registrationEndsAt ?? ''));
}
