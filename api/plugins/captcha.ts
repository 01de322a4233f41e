/**
 * Two ways to show that a person is there, both made here and both good for one use: a proof of work (ALTCHA) that
 * a browser or a program solves, and a question in words for browsers without JavaScript.
 * Why two and how they are limited: docs/decisions/0007-captcha-without-javascript.md.
 */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import { createChallenge, verifySolution, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

import { spendChallenge } from '../../ledger/challenge';
import type { Language } from '../problems';
import { answerOf, makeTextQuestion } from './text-question';

/** What a form or a program hands in: the proof as ALTCHA's widget encodes it, or the answer to a question in words. */
export type CaptchaAnswer =
  | { readonly kind: 'proof'; readonly payload: string }
  | { readonly kind: 'text'; readonly token: string; readonly answer: string };

export interface TextQuestion {
  /** Shown to the person, in their language. */
  readonly question: string;
  /** Travels with the form: signed, expires, and tells nothing of the answer. */
  readonly token: string;
}

export type CaptchaVerdict = 'accepted' | 'captchaInvalid' | 'captchaSpent';

export interface Captcha {
  challenge(): Promise<Challenge>;
  textQuestion(language: Language): TextQuestion;
  /** Checks and spends: whatever comes of it, the same challenge is never accepted again. */
  verify(answer: CaptchaAnswer): Promise<CaptchaVerdict>;
  /** The same for an answer in words. */
  verifyText(token: string, answer: string): Promise<CaptchaVerdict>;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly captcha: Captcha;
  }
}

export interface CaptchaPluginOptions {
  /** 32 bytes. */
  readonly key: Buffer;
  /** Less work than the usual, for tests. */
  readonly tries?: CaptchaTries;
}

/** How often a key is derived before the proof is found: at least, and at most. */
export type CaptchaTries = readonly [number, number];

/** Long enough to fill in a form with an old phone or a screen reader beside it. */
export const challengeLifeSeconds = 300;
/** Without JavaScript nothing can be renewed in the background, so reading and typing get more time. */
export const textQuestionLifeSeconds = 900;

/**
 * 1,000 rounds of PBKDF2 tried 100–300 times: some 0.1 s on a laptop, some 2 s on an old phone, and about a
 * millisecond for us. The counter is drawn by us, so nobody is unlucky without bound.
 */
const cost = 1_000;
const usualTries: CaptchaTries = [100, 300];

const text = (maxLength: number) => Type.String({ maxLength });
const payloadCheck = Compile(
  Type.Object({
    challenge: Type.Object({
      parameters: Type.Object({
        algorithm: Type.Literal('PBKDF2/SHA-256'),
        nonce: Type.String({ pattern: '^[0-9a-f]{32}$' }),
        salt: Type.String({ pattern: '^[0-9a-f]{32}$' }),
        cost: Type.Literal(cost),
        keyLength: Type.Literal(32),
        keyPrefix: Type.String({ pattern: '^[0-9a-f]{32}$' }),
        keySignature: Type.String({ pattern: '^[0-9a-f]{64}$' }),
        expiresAt: Type.Integer(),
      }),
      signature: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
    solution: Type.Object({
      counter: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
      derivedKey: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      time: Type.Optional(Type.Number()),
    }),
  }),
);
const tokenCheck = Compile(Type.Object({ id: text(64), expiresAt: Type.Integer(), proof: text(64) }));

export const captchaPlugin = fp<CaptchaPluginOptions>(
  async (app, { key, tries: [leastTries, mostTries] = usualTries }) => {
    const derived = (purpose: string): string =>
      createHmac('sha256', key).update(purpose).digest('base64url');
    const signatureSecret = derived('challenge');
    const keySecret = derived('challenge-key');
    const textSecret = derived('text-question');

    const spend = async (challenge: string, expiresAt: number): Promise<CaptchaVerdict> =>
      (await spendChallenge(app.ledger.db, challenge, new Date(expiresAt * 1000)))
        ? 'accepted'
        : 'captchaSpent';

    async function verifyProof(payload: string): Promise<CaptchaVerdict> {
      const read = decoded(payload);
      if (!payloadCheck.Check(read)) return 'captchaInvalid';
      const { verified } = await verifySolution({
        challenge: read.challenge satisfies Challenge,
        solution: read.solution,
        deriveKey,
        hmacSignatureSecret: signatureSecret,
        hmacKeySignatureSecret: keySecret,
      });
      if (!verified) return 'captchaInvalid';
      const { nonce, expiresAt } = read.challenge.parameters;
      return spend(`proof:${nonce}`, expiresAt);
    }

    const textProof = (id: string, expiresAt: number, answer: string): Buffer =>
      createHmac('sha256', textSecret)
        .update(JSON.stringify([id, expiresAt, answer]))
        .digest();

    async function verifyText(token: string, answer: string): Promise<CaptchaVerdict> {
      const read = decoded(token);
      if (!tokenCheck.Check(read) || read.expiresAt * 1000 <= Date.now()) return 'captchaInvalid';
      // Spent before it is judged: a wrong answer must not leave the question to be guessed at.
      const spent = await spend(`text:${read.id}`, read.expiresAt);
      if (spent !== 'accepted') return spent;
      const expected = textProof(read.id, read.expiresAt, answerOf(answer.slice(0, 50)));
      const given = Buffer.from(read.proof, 'base64url');
      return given.length === expected.length && timingSafeEqual(given, expected)
        ? 'accepted'
        : 'captchaInvalid';
    }

    const captcha: Captcha = {
      challenge: () =>
        createChallenge({
          algorithm: 'PBKDF2/SHA-256',
          cost,
          counter: randomInt(leastTries, mostTries + 1),
          deriveKey,
          expiresAt: new Date(Date.now() + challengeLifeSeconds * 1000),
          hmacSignatureSecret: signatureSecret,
          hmacKeySignatureSecret: keySecret,
        }),
      textQuestion(language) {
        const { question, answer, id } = makeTextQuestion(language);
        const expiresAt = Math.floor(Date.now() / 1000) + textQuestionLifeSeconds;
        const proof = textProof(id, expiresAt, answer).toString('base64url');
        return {
          question,
          token: Buffer.from(JSON.stringify({ id, expiresAt, proof })).toString('base64url'),
        };
      },
      verify: (answer) =>
        answer.kind === 'proof' ? verifyProof(answer.payload) : verifyText(answer.token, answer.answer),
      verifyText,
    };
    app.decorate('captcha', captcha);
  },
  { name: 'captcha', dependencies: ['ledger'] },
);

/** JSON in base64 or base64url; `undefined` for anything else. */
function decoded(encoded: string): unknown {
  if (encoded.length > 4_000) return undefined;
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}
