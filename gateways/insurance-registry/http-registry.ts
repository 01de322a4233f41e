/** The insurance registry over HTTP: one question, a time limit, one more try. */
import { setTimeout as pause } from 'node:timers/promises';
import { Compile } from 'typebox/compile';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import {
  RegistryUnavailable,
  type CardVerificationOutcome,
  type InsuranceRegistry,
  type RegistryPersonNumber,
} from './port';
import {
  cardStatusAnswer,
  cardStatusPath,
  householdAnswer,
  householdPath,
  kinshipPath,
  provedPath,
  lookupPath,
  verificationAnswer,
  verificationPath,
  type CardStatusRequest,
  type HouseholdRequest,
  type KinshipRequest,
  type LookupRequest,
  type ProvedRequest,
  type VerificationAnswer,
  type VerificationRequest,
} from './protocol';

export interface HttpRegistrySettings {
  /** Where the registry answers, e.g. `https://registry.example`. */
  readonly url: string;
  /** How long one try may take. People wait at a page: two tries stay under five seconds. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 2_000;
/** Long enough for a connection that was just being replaced, short enough not to be felt. */
const pauseBeforeRetryMs = 100;

const answerCheck = Compile(verificationAnswer);
const householdCheck = Compile(householdAnswer);
const cardStatusCheck = Compile(cardStatusAnswer);

/**
 * The registry at `settings.url`. A question that failed for lack of an answer is asked once more (it changes
 * nothing there); whether to go on asking when the registry stays away is the caller's decision.
 */
export function createHttpRegistry(settings: HttpRegistrySettings): InsuranceRegistry {
  const timeoutMs = settings.timeoutMs ?? defaultTimeoutMs;
  /** The body of the answer. */
  const askAgainOnce = async (path: string, question: Question): Promise<string> => {
    const address = new URL(path, settings.url);
    try {
      return await ask(address, timeoutMs, question);
    } catch (error) {
      if (!(error instanceof RegistryUnavailable) || error.reason === 'answerNotUnderstood') throw error;
      await pause(pauseBeforeRetryMs);
      return ask(address, timeoutMs, question);
    }
  };
  return {
    verifyCard: async ({ personNumber, cardNumber }) =>
      outcomeOf(understood(await askAgainOnce(verificationPath, { personNumber, cardNumber }), answerCheck)),
    findPerson: async ({ personNumber, birthDate, stationId }) =>
      outcomeOf(
        understood(await askAgainOnce(lookupPath, { personNumber, birthDate, stationId }), answerCheck),
      ),
    findProved: async ({ personNumber, provedBy }) =>
      outcomeOf(understood(await askAgainOnce(provedPath, { personNumber, provedBy }), answerCheck)),
    async verifyHousehold({ registryPersonId, householdNumber, registeredAddress }) {
      const question = { registryPersonId, householdNumber, registeredAddress };
      return understood(await askAgainOnce(householdPath, question), householdCheck).outcome;
    },
    verifyKinship: async ({ registryPersonId, personNumber, ...kin }) => {
      const question = { registryPersonId, personNumber, ...kin };
      return outcomeOf(understood(await askAgainOnce(kinshipPath, question), answerCheck));
    },
    async readCard(registryPersonId) {
      const answer = understood(await askAgainOnce(cardStatusPath, { registryPersonId }), cardStatusCheck);
      if (answer.outcome === 'nothing') return undefined;
      const card = parseCardNumber(answer.cardNumber);
      if ('refusal' in card) throw new RegistryUnavailable('answerNotUnderstood');
      return {
        cardNumber: card.cardNumber,
        priorityGroups: answer.priorityGroups,
        insured: answer.insured ?? null,
        lastNotInsuredOn: answer.lastNotInsuredOn ?? null,
        hasArrears: answer.hasArrears ?? null,
        issues: answer.issues ?? [],
        reaches: answer.reaches ?? null,
      };
    },
  };
}

type Question =
  VerificationRequest | LookupRequest | ProvedRequest | HouseholdRequest | KinshipRequest | CardStatusRequest;

async function ask(address: URL, timeoutMs: number, question: Question): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  let status: number;
  let body: string;
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(question),
      signal,
      redirect: 'error',
    });
    status = response.status;
    body = await response.text();
  } catch {
    // The error itself is dropped: a cause may quote what was sent.
    throw new RegistryUnavailable(signal.aborted ? 'timedOut' : 'unreachable');
  }
  if (status >= 500 || status === 429) throw new RegistryUnavailable('failed');
  if (status !== 200) throw new RegistryUnavailable('answerNotUnderstood');
  return body;
}

interface AnswerCheck<Answer> {
  Check(value: unknown): value is Answer;
}

function understood<Answer>(body: string, check: AnswerCheck<Answer>): Answer {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new RegistryUnavailable('answerNotUnderstood');
  }
  if (!check.Check(answer)) throw new RegistryUnavailable('answerNotUnderstood');
  return answer;
}

function outcomeOf(answer: VerificationAnswer): CardVerificationOutcome {
  if (answer.outcome === 'noMatch') return { outcome: 'noMatch' };
  const { person } = answer;
  const card = parseCardNumber(person.cardNumber);
  if ('refusal' in card) throw new RegistryUnavailable('answerNotUnderstood');
  return {
    outcome: 'match',
    person: {
      ...person,
      personNumbers: person.personNumbers.map(personNumberOf),
      cardNumber: card.cardNumber,
      parentalConsents: person.parentalConsents ?? [],
      duplicateCleared: person.duplicateCleared ?? false,
    },
  };
}

function personNumberOf(said: {
  number: string;
  validFrom: string | null;
  validTo: string | null;
}): RegistryPersonNumber {
  const parsed = parsePersonNumber(said.number);
  if ('refusal' in parsed) throw new RegistryUnavailable('answerNotUnderstood');
  return { ...parsed, validFrom: said.validFrom, validTo: said.validTo };
}
