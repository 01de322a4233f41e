/**
 * Which way of proving oneself is mine (我該用哪一種方式): the decision tree of seed 003 as data. A few short questions,
 * each with its answers, and what each answer leads to: the next question or the end of the way.
 */

/** Where the questions end. */
export const ways = [
  /** 手機快速認證: on the phone itself, confirmed by its carrier. */
  'quickAuthentication',
  /** 健保卡網路服務註冊 with a reader, then a device code (裝置碼) for the phone. */
  'cardRegistration',
  /** 自然人憑證 with a reader, then a device code for the phone. */
  'certificate',
  /** 臨櫃: staff register and bind. */
  'counter',
  /** No phone to bind: number and card number on the web, or the card put in at a station. */
  'withoutPhone',
] as const;

export type Way = (typeof ways)[number];

interface Question {
  /** By answer: the question or the end that it leads to. The order is that of the page. */
  readonly answers: Readonly<Record<string, Step>>;
}

type Step = { readonly ask: string } | { readonly end: Way };

/** Every question, the first one first. No answer leads back, so nobody goes round in circles. */
export const questions = {
  /** Carriers confirm nationals only (seed 000, question 10). */
  nationality: { answers: { national: { ask: 'phone' }, foreign: { ask: 'anyPhone' } } },
  phone: {
    answers: {
      /** A monthly contract in one's own name with one of the five carriers. */
      own: { ask: 'mobileData' },
      /** Prepaid, company, child card, virtual operator, somebody else's, unpaid. */
      other: { ask: 'reader' },
      none: { end: 'withoutPhone' },
    },
  },
  /** The contract's own data and handset: the carrier has to see the SIM (seed 000, questions 14 and 17). */
  mobileData: { answers: { yes: { end: 'quickAuthentication' }, no: { ask: 'reader' } } },
  /** Whatever contract a foreign resident has, it cannot be confirmed: only whether there is a phone counts. */
  anyPhone: { answers: { yes: { ask: 'reader' }, no: { end: 'withoutPhone' } } },
  reader: { answers: { yes: { ask: 'card' }, no: { end: 'counter' } } },
  card: { answers: { nhiCard: { end: 'cardRegistration' }, certificate: { end: 'certificate' } } },
} as const satisfies Readonly<Record<string, Question>>;

export type QuestionId = keyof typeof questions;

/** A question that was answered. */
export interface Answered {
  readonly question: QuestionId;
  readonly answer: string;
}

/** How far somebody has come. */
export interface Progress {
  readonly answered: readonly Answered[];
  readonly at: { readonly ask: QuestionId; readonly answers: readonly string[] } | { readonly end: Way };
}

const firstQuestion: QuestionId = 'nationality';

/**
 * Follows the tree along these answers, by question. It stops at the first question without an answer that it knows;
 * answers to questions that do not lie on the way count for nothing.
 */
export function followWay(answers: Readonly<Record<string, string>>): Progress {
  const answered: Answered[] = [];
  let question: QuestionId = firstQuestion;
  for (;;) {
    const offered: Question['answers'] = questions[question].answers;
    const answer = answers[question] ?? '';
    const step = Object.hasOwn(offered, answer) ? offered[answer] : undefined;
    if (!step) return { answered, at: { ask: question, answers: Object.keys(offered) } };
    answered.push({ question, answer });
    if ('end' in step) return { answered, at: step };
    question = step.ask as QuestionId;
  }
}
