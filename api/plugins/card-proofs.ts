/**
 * Card bridges and what they prove: enrolment by possession of a key, challenges bound to session, page, purpose and
 * bridge, and proofs that are accepted once. What may be concluded from one: docs/decisions/0020-what-a-card-proof-proves.md.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import type { BasicData } from '../../domain/card-proof/basic-data';
import {
  enrolmentText,
  statementText,
  whyNotTaken,
  type BridgeEnrolment,
  type CardClaim,
  type CardProof,
  type ProofUse,
} from '../../domain/card-proof/card-proof';
import { isPlainDate } from '../../domain/civil-time/plain-date';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import { enrolCardBridge, findCardBridge, type CardBridge } from '../../ledger/card-bridge';
import {
  issueCardChallenge,
  readCardChallenge,
  spendCardChallenge,
  type ChallengeWish,
  type OpenChallenge,
} from '../../ledger/card-challenge';
import { isSignedBy, keyIdOf, publicKeyOf } from '../card-signature';

/** A bridge's wish to be enrolled, as it was signed, and from where it came to us. */
export interface EnrolmentAsked {
  readonly enrolment: BridgeEnrolment;
  readonly signature: string;
  /** Of our own page. */
  readonly origin: string;
  readonly address: string;
  /** The station whose key came along; it vouches for the bridge from then on. */
  readonly stationId?: string;
}

/** Where and for what a proof is handed in; a bridge or a station named here has to be the proof's. */
export interface ProofAsked extends ProofUse {
  readonly bridgeId?: string;
  readonly stationId?: string;
}

export interface CardProofs {
  /** Refuses with `cardBridgeKeyUnproved`, `cardProofFromOtherOrigin`, `cardBridgeRevoked` or `tooManyAttempts`. */
  enrol(asked: EnrolmentAsked): Promise<Outcome<CardBridge>>;
  /** Refuses with `cardBridgeUnknown` (revoked ones too) or `tooManyAttempts`. */
  challenge(wish: ChallengeWish & { readonly address: string }): Promise<Outcome<OpenChallenge>>;
  /** Takes a proof, once. Every refusal of `domain/card-proof`, `cardProofInvalid`, `cardBridgeUnknown`, `cardBridgeRevoked`. */
  accept(proof: CardProof, asked: ProofAsked): Promise<Outcome<CardClaim>>;
}

declare module '@fastify/secure-session' {
  interface SessionData {
    /** Names a visit before anybody has signed in, so that a card read in it counts in no other. */
    visitId: string;
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly cardProofs: CardProofs;
  }
  interface FastifyRequest {
    /** What a card's reading is bound to: the session, or the visit while nobody is signed in. */
    cardSession(): string;
  }
}

/** A bridge asks to be enrolled at once; so long ago it may have done so, by its own clock. */
const enrolmentFreshMs = 5 * 60_000;

export const cardProofsPlugin = fp(
  async (app) => {
    app.decorate('cardProofs', cardProofsOf(app));
    app.decorateRequest('cardSession', cardSession);
  },
  { name: 'card-proofs', dependencies: ['ledger', 'limits', 'session'] },
);

function cardSession(this: FastifyRequest): string {
  if (this.citizen) return this.citizen.sessionId;
  const known = this.session.get('visitId');
  if (known) return known;
  const visitId = randomUUID();
  this.session.set('visitId', visitId);
  return visitId;
}

function cardProofsOf(app: FastifyInstance): CardProofs {
  const { db } = app.ledger;
  return {
    async enrol({ enrolment, signature, origin, address, stationId }) {
      const publicKey = publicKeyOf(enrolment.publicKey);
      if (!publicKey || !isSignedBy(publicKey, enrolmentText(enrolment), signature)) {
        return refused({ code: 'cardBridgeKeyUnproved' });
      }
      if (enrolment.origin !== origin) return refused({ code: 'cardProofFromOtherOrigin' });
      if (Math.abs(Date.parse(enrolment.askedAt) - Date.now()) > enrolmentFreshMs) {
        return refused({ code: 'cardBridgeKeyUnproved' });
      }
      // A known bridge asks at each visit and costs nobody anything; new keys are cheap to make, so they are counted.
      if (!(await findCardBridge(db, publicKey))) {
        const tooMany = await app.limits.pace('cardBridge', address);
        if (tooMany) return refused(tooMany);
      }
      const bridge = await enrolCardBridge(db, {
        publicKey,
        name: enrolment.name,
        ...(stationId !== undefined && { stationId }),
      });
      return bridge.revokedAt === null ? accepted(bridge) : refused({ code: 'cardBridgeRevoked' });
    },

    async challenge({ address, ...wish }) {
      const tooMany = await app.limits.pace('cardChallenge', address);
      if (tooMany) return refused(tooMany);
      const challenge = await issueCardChallenge(db, wish);
      return challenge ? accepted(challenge) : refused({ code: 'cardBridgeUnknown' });
    },

    async accept({ statement, signature }, asked) {
      const found = await readCardChallenge(db, statement.challengeId);
      if (!found) return refused({ code: 'cardChallengeUnknown' });
      const { challenge, bridge, now } = found;
      if (bridge.revokedAt !== null) return refused({ code: 'cardBridgeRevoked' });
      const signed = isSignedBy(bridge.publicKey, statementText(statement), signature);
      if (!signed || statement.keyId !== keyIdOf(bridge.publicKey)) {
        return refused({ code: 'cardProofInvalid' });
      }
      const refusal = whyNotTaken(statement, challenge, asked, now);
      if (refusal) return refused(refusal);
      if (!isBridgeAskedFor(bridge, asked)) return refused({ code: 'cardBridgeUnknown' });
      const claim = claimOf(statement.card, bridge);
      if (!claim) return refused({ code: 'cardProofInvalid' });
      // Last, so that nothing that is refused costs a reading, and first for whoever hands the same proof in twice.
      if (!(await spendCardChallenge(db, statement.challengeId))) {
        return refused({ code: 'cardChallengeSpent' });
      }
      return accepted(claim);
    },
  };
}

function isBridgeAskedFor(bridge: CardBridge, { bridgeId, stationId }: ProofAsked): boolean {
  return (
    (bridgeId === undefined || bridgeId === bridge.bridgeId) &&
    (stationId === undefined || stationId === bridge.stationId)
  );
}

/** The card's data in the form in which they are compared; `undefined` when no card of the insurance has such data. */
function claimOf(card: BasicData, bridge: CardBridge): CardClaim | undefined {
  const person = parsePersonNumber(card.personNumber);
  const number = parseCardNumber(card.cardNumber);
  if ('refusal' in person || 'refusal' in number || !isPlainDate(card.birthDate)) return undefined;
  return {
    personNumber: person.number,
    cardNumber: number.cardNumber,
    birthDate: card.birthDate,
    name: card.name,
    bridgeId: bridge.bridgeId,
    ...(bridge.stationId !== null && { stationId: bridge.stationId }),
  };
}
