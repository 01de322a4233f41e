/**
 * Card proof (讀卡憑據): what a card bridge says that it read, signed by the bridge for one challenge of ours. It proves
 * that an enrolled bridge answered this challenge, from this page and session; that the card was real it cannot prove,
 * since the plain read knows no key (docs/decisions/0020-what-a-card-proof-proves.md).
 */
import type { Instant } from '../civil-time/plain-date';
import type { Refusal } from '../refusal/refusals';
import type { BasicData } from './basic-data';

/** What a read card may be used for; a proof made for one is worth nothing for another. */
export const cardPurposes = ['sign-in', 'card-account', 'device-code', 'station'] as const;
export type CardPurpose = (typeof cardPurposes)[number];

/** The one version of the statement that there is. */
export const statementVersion = 1;

/** How long a challenge may be answered: time to find the card and put it in. */
export const challengeLifeSeconds = 120;
/** How far a bridge's clock may be from ours; computers at home are seldom better. */
export const clockToleranceSeconds = 60;

/** A challenge as the API hands it to the page, and the page to the bridge. */
export interface CardChallenge {
  readonly challengeId: string;
  /** 32 random bytes, base64url. */
  readonly nonce: string;
  readonly purpose: CardPurpose;
}

/** What the bridge signs. Everything in it that is not the card's was known to the bridge itself, not to the page. */
export interface CardStatement {
  readonly version: typeof statementVersion;
  readonly bridgeId: string;
  /** Names the key among those that the bridge may have had: SHA-256 of the raw public key, base64url. */
  readonly keyId: string;
  /** Of the page that asked, as its browser named it to the bridge. */
  readonly origin: string;
  readonly challengeId: string;
  readonly nonce: string;
  readonly purpose: CardPurpose;
  /** By the bridge's clock, after the challenge had come. */
  readonly readAt: Instant;
  /** Name of the reader, as PC/SC gives it. */
  readonly reader: string;
  /** Answer to reset, hexadecimal; a hint, never a gate. */
  readonly atr: string;
  readonly card: BasicData;
  /**
   * Slot for the insurer's own signature (`H_Sign`), which its browser component can have a reader make. Nobody
   * outside can check it yet, so nothing is concluded from it; it is kept under our signature for whoever will.
   */
  readonly hSign?: string;
}

/** A statement with the bridge's Ed25519 signature over `statementText`, base64url. */
export interface CardProof {
  readonly statement: CardStatement;
  readonly signature: string;
}

/** What may be concluded from an accepted proof. A claim: a second factor, or a station that vouches, has to join it. */
export interface CardClaim {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly birthDate: string;
  readonly name: string;
  readonly bridgeId: string;
  readonly stationId?: string;
}

/**
 * The text that is signed, as UTF-8. An array has no member names whose order could differ, and the first line keeps
 * a signature over it from ever being taken for one over something else.
 */
export function statementText(statement: CardStatement): string {
  const { card } = statement;
  return `yiyue card proof\n${JSON.stringify([
    ...[statement.version, statement.bridgeId, statement.keyId, statement.origin],
    ...[statement.challengeId, statement.nonce, statement.purpose],
    ...[statement.readAt, statement.reader, statement.atr],
    ...[card.cardNumber, card.name, card.nameHasPrivateUse, card.personNumber],
    ...[card.birthDate, card.sex, card.issuedOn],
    statement.hSign ?? null,
  ])}`;
}

/** By what a bridge asks to be enrolled: signed by the key itself, which proves that whoever asks has it. */
export interface BridgeEnrolment {
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly name: string;
  readonly origin: string;
  /** By the bridge's clock. */
  readonly askedAt: Instant;
}

/** The text by which possession of the key is proved. */
export function enrolmentText({ publicKey, name, origin, askedAt }: BridgeEnrolment): string {
  return `yiyue card bridge enrolment\n${JSON.stringify([1, publicKey, name, origin, askedAt])}`;
}

/** What a proof was made for, as the ledger remembers it. */
export interface IssuedChallenge {
  readonly bridgeId: string;
  readonly nonce: string;
  readonly purpose: string;
  /** The signed-in session, the visit before signing in, or the station. */
  readonly session: string;
  readonly origin: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  readonly spentAt: Instant | null;
}

/** Where and for what the proof is handed in. */
export interface ProofUse {
  readonly purpose: CardPurpose;
  readonly session: string;
  readonly origin: string;
}

/** What binds any statement to its challenge, whoever signs it. */
export type AnsweredChallenge = Pick<CardStatement, 'bridgeId' | 'nonce' | 'origin' | 'purpose' | 'readAt'>;

/**
 * Why a proof with a right signature is not taken, `undefined` when nothing stands against it. `now` is the ledger's
 * real time. The nonce makes sure that the signature came after the challenge, `readAt` that the reading did.
 */
export function whyNotTaken(
  statement: AnsweredChallenge,
  challenge: IssuedChallenge,
  use: ProofUse,
  now: Instant,
): Refusal | undefined {
  if (challenge.bridgeId !== statement.bridgeId || challenge.nonce !== statement.nonce) {
    return { code: 'cardChallengeUnknown' };
  }
  if (challenge.session !== use.session) return { code: 'cardChallengeOfOtherSession' };
  if (challenge.spentAt !== null) return { code: 'cardChallengeSpent' };
  if (Date.parse(now) >= Date.parse(challenge.expiresAt)) return { code: 'cardChallengeExpired' };
  if (statement.origin !== challenge.origin || statement.origin !== use.origin) {
    return { code: 'cardProofFromOtherOrigin' };
  }
  if (statement.purpose !== challenge.purpose || statement.purpose !== use.purpose) {
    return { code: 'cardProofForOtherPurpose' };
  }
  const aheadSeconds = secondsBetween(now, statement.readAt);
  if (aheadSeconds > clockToleranceSeconds) {
    return { code: 'cardBridgeClockWrong', skewSeconds: aheadSeconds };
  }
  if (secondsBetween(statement.readAt, challenge.issuedAt) > clockToleranceSeconds) {
    return { code: 'cardReadBeforeAsked' };
  }
  return undefined;
}

/** Whole seconds from `a` to `b`; negative when `b` is earlier. */
export function secondsBetween(a: Instant, b: Instant): number {
  return Math.round((Date.parse(b) - Date.parse(a)) / 1000);
}
