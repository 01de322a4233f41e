/** `/v1/registration`: one's own intent registration (意願登記): read, register or change, withdraw. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

import { maskMobile } from '../../../domain/person-number/masks';
import type { Round } from '../../../domain/round/round';
import type { ProductStanding } from '../../../domain/settlement/standing';
import { readRegistration, type RegistrationView } from '../../../ledger/registration';
import { currentRounds, registrationRoundFor } from '../../../ledger/round';
import { readStandings, standingBehind, type OwnStanding } from '../../../ledger/settlement-standing';
import { acceptedValue, RefusedRequest } from '../../problems';
import {
  districtCode,
  language,
  mobile,
  nullable,
  problems,
  product,
  registration,
  familyWriteHeaders,
  familyHeaders,
  roundId,
} from '../../schemas';
import { standingTexts } from '../../standing-texts';

const view = ({ mobile: full, products, ...rest }: RegistrationView) => ({
  ...rest,
  products: [...products],
  maskedMobile: maskMobile(full),
});

const standingCodes = [
  'invited',
  'supplyEnded',
  'lotDecided',
  'noDosesInCounty',
  'noWindowForAge',
  'intervalNotOver',
  'productNotAfterPreviousDose',
  'mixedIntentMissing',
  'consentMissing',
] as const satisfies readonly ProductStanding['code'][];

const standing = Type.Object(
  {
    roundId,
    countyCode: Type.String({ description: 'where one was registered then' }),
    lot: Type.String({ description: 'by which an auditor finds the line in the export' }),
    products: Type.Array(
      Type.Object({
        product,
        code: Type.Enum([...standingCodes]),
        rank: Type.Optional(Type.Integer({ description: 'place in the county, of who was invited' })),
        invited: Type.Optional(Type.Integer({ description: 'how many the doses of the county were for' })),
        lastGroup: Type.Optional(Type.Integer({ description: 'group of the last one invited' })),
        lastBirthDate: Type.Optional(Type.String({ format: 'date' })),
        zh: Type.String(),
        en: Type.String(),
      }),
    ),
  },
  {
    description:
      'why the turn has or has not come, product by product; of its own round, before that one’s settlement of the round it was carried over from',
  },
);

/** The standing with its sentences; the pages say the same with names in place of codes. */
const standingView = ({ products, ...rest }: OwnStanding) => ({
  ...rest,
  products: products.map((one) => ({ ...one, ...standingTexts[one.code] })),
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
        headers: familyHeaders,
        response: {
          200: Type.Object({ ...registration.properties, settlement: nullable(standing) }),
          ...problems({ citizen: true, family: true }, 'notRegistered'),
        },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      for (const { roundId } of await roundsToLookIn(app, personKey)) {
        const found = await readRegistration(app.ledger, personKey, roundId);
        if (!found) continue;
        const behind = standingBehind(await readStandings(app.ledger.db, personKey), found);
        return { ...view(found), settlement: behind ? standingView(behind) : null };
      }
      throw new RefusedRequest({ code: 'notRegistered' });
    },
  );

  app.get(
    '/registration/settlements',
    {
      schema: {
        operationId: 'listOwnSettlements',
        tags: ['registration'],
        summary: 'Every settlement that my registrations were in, the newest first, of closed rounds too',
        headers: familyHeaders,
        response: {
          200: Type.Object({ settlements: Type.Array(standing) }),
          ...problems({ citizen: true, family: true }),
        },
      },
    },
    async (request) => {
      const { personKey } = request.requireCitizen();
      return { settlements: (await readStandings(app.ledger.db, personKey)).map(standingView) };
    },
  );

  app.put(
    '/registration',
    {
      schema: {
        operationId: 'register',
        tags: ['registration'],
        summary: 'Register, or change my registration; its number stays',
        headers: familyWriteHeaders,
        body: Type.Object(
          {
            mobile,
            districtCode,
            products: Type.Array(product, { maxItems: 20 }),
            mixedIntent: Type.Optional(
              Type.Boolean({
                description:
                  'agree to products that may follow my last dose only so (混打意願); false when left out',
              }),
            ),
            language: Type.Optional(language),
          },
          { additionalProperties: false },
        ),
        response: {
          200: registration,
          ...problems(
            { write: true, citizen: true, family: true },
            ...windowProblems,
            'districtUnknown',
            'mobileInvalid',
            'productRequired',
            'productNotOffered',
            'productNotAfterPreviousDose',
            'doseIntervalNotReached',
            'mixedIntentMissing',
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
        headers: familyWriteHeaders,
        response: {
          200: registration,
          ...problems({ write: true, citizen: true, family: true }, ...windowProblems, 'notRegistered'),
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
