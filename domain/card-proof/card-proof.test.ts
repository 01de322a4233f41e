import { addMs } from '../civil-time/plain-date';
import {
  challengeLifeSeconds,
  clockToleranceSeconds,
  enrolmentText,
  statementText,
  whyNotTaken,
  type CardStatement,
  type IssuedChallenge,
  type ProofUse,
} from './card-proof';

const issuedAt = '2026-07-06T02:00:00.000Z';
const after = (seconds: number) => addMs(issuedAt, seconds * 1000);

const statement: CardStatement = {
  version: 1,
  bridgeId: 'b1',
  keyId: 'k1',
  origin: 'https://vaccine.example',
  challengeId: 'c1',
  nonce: 'n1',
  purpose: 'sign-in',
  readAt: after(5),
  reader: 'Reader 00 00',
  atr: '3B00',
  card: {
    cardNumber: '000000000018',
    name: '甄健康',
    nameHasPrivateUse: false,
    personNumber: 'K221817034',
    birthDate: '1969-05-04',
    sex: 'female',
    issuedOn: '2020-01-02',
  },
};
const challenge: IssuedChallenge = {
  bridgeId: 'b1',
  nonce: 'n1',
  purpose: 'sign-in',
  session: 's1',
  origin: 'https://vaccine.example',
  issuedAt,
  expiresAt: after(challengeLifeSeconds),
  spentAt: null,
};
const use: ProofUse = { purpose: 'sign-in', session: 's1', origin: 'https://vaccine.example' };

interface Case {
  readonly why: string;
  readonly code: string | undefined;
  readonly statement?: Partial<CardStatement>;
  readonly challenge?: Partial<IssuedChallenge>;
  readonly use?: Partial<ProofUse>;
  readonly now?: number;
}

const cases: readonly Case[] = [
  { why: 'answers its challenge', code: undefined },
  { why: 'answers it in the last second', code: undefined, now: challengeLifeSeconds - 1 },
  { why: 'comes too late', code: 'cardChallengeExpired', now: challengeLifeSeconds },
  { why: 'comes a second time', code: 'cardChallengeSpent', challenge: { spentAt: after(6) } },
  { why: 'answers another challenge', code: 'cardChallengeUnknown', statement: { nonce: 'n2' } },
  { why: 'comes from another bridge', code: 'cardChallengeUnknown', statement: { bridgeId: 'b2' } },
  { why: 'comes from another session', code: 'cardChallengeOfOtherSession', use: { session: 's2' } },
  {
    why: 'was asked for by another page',
    code: 'cardProofFromOtherOrigin',
    statement: { origin: 'https://evil.example' },
  },
  {
    why: 'is handed in at another page',
    code: 'cardProofFromOtherOrigin',
    use: { origin: 'https://evil.example' },
  },
  {
    why: 'was made for something else',
    code: 'cardProofForOtherPurpose',
    statement: { purpose: 'card-account' },
  },
  { why: 'is used for something else', code: 'cardProofForOtherPurpose', use: { purpose: 'device-code' } },
  {
    why: 'is of a clock that is just near enough',
    code: undefined,
    statement: { readAt: after(10 + clockToleranceSeconds) },
  },
  {
    why: 'is of a clock that is fast',
    code: 'cardBridgeClockWrong',
    statement: { readAt: after(11 + clockToleranceSeconds) },
  },
  {
    why: 'is of a card that was read before',
    code: 'cardReadBeforeAsked',
    statement: { readAt: after(-clockToleranceSeconds - 1) },
  },
];

test.each(cases)('a proof that $why: $code', ({ code, now = 10, ...changed }) => {
  const refusal = whyNotTaken(
    { ...statement, ...changed.statement },
    { ...challenge, ...changed.challenge },
    { ...use, ...changed.use },
    after(now),
  );
  expect(refusal?.code).toBe(code);
});

test('whatever of a statement is changed, the signed text changes', () => {
  const changes: readonly Partial<CardStatement>[] = [
    ...Object.entries(statement)
      .filter(([name]) => name !== 'card')
      .map(([name, value]) => ({ [name]: `${String(value)}x` })),
    ...Object.entries(statement.card).map(([name, value]) => ({
      card: { ...statement.card, [name]: typeof value === 'boolean' ? !value : `${value}x` },
    })),
    { hSign: '' },
  ];
  const texts = changes.map((change) => statementText({ ...statement, ...change }));
  expect(new Set([statementText(statement), ...texts]).size).toBe(changes.length + 1);
  expect(changes).toHaveLength(18);
});

test('a name cannot slip out of its place in the text', () => {
  const sly = { ...statement, card: { ...statement.card, name: '甄","A123456789' } };
  const parsed = JSON.parse(statementText(sly).split('\n')[1] ?? '') as unknown[];
  expect(parsed).toHaveLength(18);
  expect(parsed[11]).toBe('甄","A123456789');
});

test('an enrolment and a proof never sign the same text', () => {
  const enrolment = { publicKey: 'p', name: 'n', origin: 'o', askedAt: issuedAt };
  expect(enrolmentText(enrolment).split('\n')[0]).not.toBe(statementText(statement).split('\n')[0]);
});
