/** The shapes of the API: each is validation, type, documentation and output filter at once. */
import { Type, type TSchema } from 'typebox';

import { closureReasons } from '../domain/closure/closure';
import type { CardBridge } from '../ledger/card-bridge';
import { problemTexts, type ProblemCode } from './problem-texts';

const noNul = '^[^\\u0000]*$';

/** What a person types, before it is normalised; PostgreSQL takes no NUL. */
export const typed = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: noNul, description });

/** Instant in UTC, e.g. `2026-07-06T02:00:00.000Z`. */
export const instant = Type.String({ format: 'date-time', description: 'UTC' });
export const civilDate = Type.String({
  pattern: '^20\\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
  description: 'civil date in Taiwan',
  examples: ['2026-07-06'],
});
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const roundId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$', description: 'a round (期)' });
export const product = Type.String({
  pattern: '^[A-Za-z0-9-]{1,20}$',
  description: 'vaccine product (廠牌)',
});
export const districtCode = Type.String({
  pattern: '^\\d{8}$',
  description: 'district (鄉鎮市區), code of the Ministry of the Interior',
});
export const countyCode = Type.String({
  pattern: '^\\d{5}$',
  description: 'county (縣市), code of the Ministry of the Interior',
});
export const siteId = Type.String({ pattern: '^[A-Za-z0-9-]{1,20}$' });
export const slotId = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'a time slot (時段)',
});
export const appointmentNumber = Type.String({
  pattern: '^\\d{10}$',
  description: 'booking number (預約編號)',
});
export const personNumber = typed(40, 'national ID or UI number (身分證字號、統一證號), as typed');
export const cardNumber = typed(40, 'NHI card number (健保卡卡號), twelve digits, as typed');
export const birthDate = Type.String({
  pattern: '^(18|19|20)\\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
  description: 'birth date, of the common era',
  examples: ['1971-01-02'],
});
export const mobile = typed(40, 'mobile number, as typed');
/** What a card bridge sends: keys and signatures in base64url, its name, and its own clock's time. */
export const key32 = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: '32 bytes, base64url' });
export const signature64 = Type.String({
  pattern: '^[A-Za-z0-9_-]{86}$',
  description: '64 bytes, base64url',
});
export const bridgeId = Type.String({ format: 'uuid', description: 'a card bridge (讀卡程式)' });
export const bridgeName = Type.String({
  pattern: '^[\\x20-\\x7e]{1,60}$',
  description: 'kind of computer and version of the bridge; nothing of its owner',
  examples: ['linux, bridge 0.1.0'],
});
export const bridgeInstant = Type.String({
  pattern: '^20\\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$',
  description: 'UTC with milliseconds, by the bridge’s clock',
});
export const origin = Type.String({
  pattern: '^https?://[A-Za-z0-9.:\\[\\]-]{1,200}$',
  examples: ['https://vaccine.example'],
});

export const cardBridge = Type.Object({
  bridgeId,
  name: Type.String(),
  stationId: nullable(Type.String()),
  enrolledAt: instant,
  revokedAt: nullable(instant),
});

/** A bridge as the API shows it. */
export const cardBridgeView = (bridge: CardBridge) => ({
  bridgeId: bridge.bridgeId,
  name: bridge.name,
  stationId: bridge.stationId,
  enrolledAt: bridge.enrolledAt.toISOString(),
  revokedAt: bridge.revokedAt?.toISOString() ?? null,
});

export const deviceCode = typed(40, 'device code (裝置碼): eight characters, upper and lower case differ');
export const appOtp = Type.String({
  pattern: '^\\d{6}$',
  description: 'code of the app (健保卡 OTP 認證碼)',
});
export const accountPassword = typed(64, 'registered password (註冊密碼), 6 to 12 characters');
export const captcha = Type.String({
  minLength: 1,
  maxLength: 4000,
  pattern: '^[A-Za-z0-9+/_=-]+$',
  description: 'a solved challenge of GET /v1/captcha: base64 of the JSON {challenge, solution}',
});
export const language = Type.Union([Type.Literal('zh'), Type.Literal('en')], {
  description: 'language of text messages; Chinese when left out',
});

const text = Type.Object({ title: Type.String(), detail: Type.String() });

const freeSlot = Type.Object({
  slotId,
  siteId,
  startsAt: instant,
  endsAt: instant,
  left: Type.Integer({ minimum: 0 }),
});

/** What a problem may tell beside its texts; made once, since each call documents several problems. */
const problemFacts = {
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        pointer: Type.String(),
        part: Type.Enum(['body', 'query', 'path', 'header']),
        zh: Type.String(),
        en: Type.String(),
      }),
    ),
  ),
  retryAfterSeconds: Type.Optional(Type.Integer()),
  ahead: Type.Optional(Type.Integer()),
  waitSecondsFrom: Type.Optional(Type.Integer()),
  waitSecondsTo: Type.Optional(Type.Integer()),
  opensAt: Type.Optional(instant),
  endedAt: Type.Optional(instant),
  closedAt: Type.Optional(instant),
  earliestOn: Type.Optional(Type.String()),
  purpose: Type.Optional(Type.String()),
  product: Type.Optional(Type.String()),
  previousProduct: Type.Optional(Type.String()),
  appointmentNumber: Type.Optional(Type.String()),
  appointmentStatus: Type.Optional(Type.String()),
  alternatives: Type.Optional(Type.Array(freeSlot)),
  expiredAt: Type.Optional(instant),
  stillWaiting: Type.Optional(Type.Boolean()),
  newOfferId: Type.Optional(nullable(Type.String())),
  answer: Type.Optional(Type.String()),
  drawnAt: Type.Optional(instant),
  result: Type.Optional(Type.String()),
  promised: Type.Optional(Type.Integer()),
  allow: Type.Optional(Type.Array(Type.String())),
  digest: Type.Optional(Type.String()),
  skewSeconds: Type.Optional(Type.Integer()),
  appointments: Type.Optional(Type.Integer()),
  wayOn: Type.Optional(Type.String()),
  triesLeft: Type.Optional(Type.Integer()),
  place: Type.Optional(Type.Integer()),
  because: Type.Optional(Type.String()),
};

/** The problem document for these codes, all of one status. */
function problem(status: number, codes: readonly ProblemCode[]) {
  return Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: Type.Literal(status),
      detail: Type.String(),
      code: Type.Enum([...codes]),
      zh: text,
      en: text,
      ...problemFacts,
    },
    { description: codes.map((code) => `\`${code}\`: ${problemTexts[code].en.title}`).join('; ') },
  );
}

/** What can go wrong with any request. */
const always = [
  'requestInvalid',
  'pageUnknown',
  'internalError',
  'notReady',
  'ledgerUnavailable',
  'overloaded',
] as const;
/** What can go wrong with any write besides. */
const onWrites = ['idempotencyKeyInvalid', 'originRefused', 'bodyTooLarge', 'mediaTypeUnsupported'] as const;
const signedIn = ['sessionRequired', 'sessionEnded'] as const;
/** What can go wrong where one may act for somebody of one's family. */
const inFamily = ['familyBondUnknown', 'familyBondEnded'] as const;

/** Declares the problems of a route by status; those that any request, write or signed-in request may meet are added. */
export function problems(
  kind: { readonly write?: boolean; readonly citizen?: boolean; readonly family?: boolean },
  ...codes: readonly ProblemCode[]
) {
  const all: readonly ProblemCode[] = [
    ...always,
    ...(kind.write ? onWrites : []),
    ...(kind.citizen ? signedIn : []),
    ...(kind.family ? inFamily : []),
    ...(kind.write && kind.citizen
      ? (['idempotencyKeyReused', 'stationTakesNothingBack', 'notReadBack'] as const)
      : []),
    ...codes,
  ];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(all)) {
    const { status } = problemTexts[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those.map((code) => problemTexts[code].en.title).join('; '),
        content: { 'application/problem+json': { schema: problem(status, those) } },
      },
    ]),
  );
}

/** Documented here, checked by `plugins/idempotency` and `plugins/read-back`, which refuse with codes of their own. */
export const writeHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description: '1–128 visible ASCII characters; the same request with the same key is done once',
    }),
  ),
  'read-back': Type.Optional(
    Type.String({
      description:
        '`confirmed`, in a session of designated staff: what this call does was read out and confirmed',
    }),
  ),
});

export const familyBondId = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'who acts for whom in a family (家人代辦)',
});
/** Of what one may do for somebody of one's family; `plugins/acting-for` acts on it. */
export const familyHeaders = Type.Object({
  'acting-for': Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      description:
        'the familyBondId of GET /v1/family-bonds under which to do it for that person; oneself when left out',
    }),
  ),
});
export const familyWriteHeaders = Type.Object({ ...writeHeaders.properties, ...familyHeaders.properties });

export const site = Type.Object({
  siteId,
  nameZh: Type.String(),
  nameEn: Type.String(),
  countyCode: Type.String(),
  districtCode: Type.String(),
  addressZh: Type.String(),
  addressEn: Type.String(),
  phone: Type.String(),
  noteZh: Type.String(),
  noteEn: Type.String(),
});

export const siteWithPlaces = Type.Object({
  ...site.properties,
  left: Type.Integer({ minimum: 0, description: 'places left in all windows to come' }),
  nextFreeAt: nullable(instant),
  closed: Type.Boolean({ description: 'the authority closed all windows to come' }),
});

export const slot = Type.Object({
  slotId,
  siteId,
  roundId,
  product,
  sessionDate: civilDate,
  startsAt: instant,
  endsAt: instant,
  capacity: Type.Integer({ minimum: 0 }),
  left: Type.Integer({ minimum: 0, description: '0: full (額滿)' }),
  closed: Type.Boolean({ description: 'by the authority (a typhoon day)' }),
});

export const nearbySlot = Type.Object({
  ...freeSlot.properties,
  siteNameZh: Type.String(),
  siteNameEn: Type.String(),
  districtCode: Type.String(),
  sessionDate: civilDate,
  distanceKm: Type.Number({ minimum: 0 }),
});

export const appointment = Type.Object({
  appointmentNumber,
  status: Type.Enum(['booked', 'cancelled', 'attended', 'missed']),
  bookedAt: instant,
  arrangedAt: instant,
  endedAt: nullable(instant),
  doseNumber: Type.Integer(),
  product,
  slotId,
  site,
  sessionDate: civilDate,
  startsAt: instant,
  endsAt: instant,
  maskedMobile: Type.String({ examples: ['09*****678'] }),
  roundId,
  closedFor: nullable(
    Type.Enum([...closureReasons], { description: 'why the authority cancelled it; null where it did not' }),
  ),
});

export const registration = Type.Object({
  registrationNumber: Type.String({ description: 'no order of service' }),
  roundId,
  registeredAt: instant,
  changedAt: nullable(instant),
  maskedMobile: Type.String({ examples: ['09*****678'] }),
  language,
  countyCode,
  districtCode,
  products: Type.Array(product),
  mixedIntent: Type.Boolean({ description: 'agreed to another product than the last dose’s (混打意願)' }),
  priorityGroup: Type.Integer(),
  carriedFrom: nullable(roundId),
  stage: Type.String(),
});
