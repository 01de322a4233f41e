/** What pages of allowed sites, and a kiosk's program, may ask of the bridge. */
import { enrolmentText, statementText, type CardProof } from '../domain/card-proof/card-proof';
import type { Caller } from './door';
import type { ReadProblem } from './reader/pcsc-codes';
import type { ReaderProcess } from './reader/reader-process';
import type { BridgeKey } from './settings';
import { readProblemWords, stateWords, type PlainWords } from './words';

/** Said to sites, so that they can tell an old bridge; the package has the same one. */
export const bridgeVersion = '0.1.0';

/** Who may ask for a card: whoever has an origin that counts. */
type Site = Extract<Caller, { origin: string }>;

/** A challenge of a site, as its API issued it. */
interface ChallengeBody {
  readonly challengeId: string;
  readonly nonce: string;
  readonly purpose: 'sign-in' | 'card-account' | 'device-code' | 'station';
  readonly bridgeId: string;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const forms: Readonly<Record<keyof ChallengeBody, RegExp>> = {
  challengeId: uuid,
  nonce: /^[A-Za-z0-9_-]{43}$/,
  purpose: /^(sign-in|card-account|device-code|station)$/,
  bridgeId: uuid,
};

/** The challenge in a body; `undefined` for whatever else was sent. */
export function challengeOf(body: unknown): ChallengeBody | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const fields = body as Record<string, unknown>;
  const names = Object.keys(forms) as (keyof ChallengeBody)[];
  const isWhole = names.every((name) => typeof fields[name] === 'string' && forms[name].test(fields[name]));
  return isWhole ? (Object.fromEntries(names.map((name) => [name, fields[name]])) as never) : undefined;
}

/** What the calls need. */
export interface BridgeParts {
  readonly reader: ReaderProcess;
  readonly key: BridgeKey;
  readonly testMode: boolean;
  readonly log: (event: string, facts?: Readonly<Record<string, string | number>>) => void;
}

/** Why no proof was made. */
export interface Unread {
  readonly problem: ReadProblem;
  readonly words: PlainWords;
}

/** What sites are told of this computer: nothing of its owner, and of readers only whether a card is in. */
export function statusFor({ reader, testMode }: BridgeParts) {
  const { state, readers } = reader.status();
  return {
    version: bridgeVersion,
    testMode,
    clock: new Date().toISOString(),
    state,
    words: stateWords[state],
    readers: readers.map(({ name, virtual, cardPresent }) => ({ name, virtual, cardPresent })),
  };
}

/** The wish to be enrolled at the site that asks, signed by our key. */
export function enrolmentFor({ key }: BridgeParts, { origin }: Site) {
  const enrolment = {
    publicKey: key.publicKey,
    name: `${process.platform}, bridge ${bridgeVersion}`,
    origin,
    askedAt: new Date().toISOString(),
  };
  return { ...enrolment, signature: key.sign(enrolmentText(enrolment)) };
}

/** Reads the card now, after the challenge has come, and signs what it said for the site that asked. */
export async function proofFor(
  { reader, key, log }: BridgeParts,
  { origin }: Site,
  challenge: ChallengeBody,
): Promise<CardProof | Unread> {
  const reading = await reader.readCard({ after: new Date() });
  if (!reading.ok) {
    log('not read', { problem: reading.problem });
    return { problem: reading.problem, words: readProblemWords[reading.problem] };
  }
  log('read', { atr: reading.atr });
  const statement = {
    version: 1 as const,
    bridgeId: challenge.bridgeId,
    keyId: key.keyId,
    origin,
    challengeId: challenge.challengeId,
    nonce: challenge.nonce,
    purpose: challenge.purpose,
    readAt: reading.readAt.toISOString(),
    reader: reading.reader,
    atr: reading.atr,
    card: reading.card,
  };
  return { statement, signature: key.sign(statementText(statement)) };
}
