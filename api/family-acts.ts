/** What people do about their family (家人代辦), for the API's routes and the pages alike. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { ageOn, isPlainDate, taipeiDateOf } from '../domain/civil-time/plain-date';
import { adultFromAge, fifteenthBirthday } from '../domain/family/family-bond';
import { parseCardNumber } from '../domain/person-number/card-number';
import { maskName, maskPersonNumber } from '../domain/person-number/masks';
import { parsePersonNumber, type PersonNumber } from '../domain/person-number/person-number';
import { accepted, refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import { stationMay } from '../domain/station/station';
import {
  RegistryUnavailable,
  type InsuranceRegistry,
  type KinshipVerification,
  type RegistryPerson,
} from '../gateways/insurance-registry/port';
import type { CommandContext } from '../ledger/citizen-command';
import {
  answerFamilyRequest,
  askElder,
  endFamilyBond,
  familyBondsOf,
  takeChild,
  type FamilyBond,
  type FamilyReceipt,
} from '../ledger/family-bond';
import { consentForChild, type ConsentWish } from '../ledger/family-consent';
import { familyHistoryOf, type FamilyEntry } from '../ledger/family-history';
import { identifyPerson, readPerson, registryIdOf } from '../ledger/person';
import { inEqualTime } from './equal-time';
import type { CountedAct } from './plugins/metrics';

export interface FamilyActParts {
  readonly app: FastifyInstance;
  readonly registry: InsuranceRegistry;
  /** Every answer takes this long, or a whole multiple of it, whoever was named. */
  readonly floorMs: number;
}

/** A child as its parent names it. */
export interface ChildNamed {
  readonly personNumber: string;
  readonly cardNumber: string;
}

/** An elder as their adult child names them; `birthDate` is a civil date. */
export interface ElderNamed {
  readonly personNumber: string;
  readonly birthDate: string;
}

/** Counts an act by its outcome. */
type Counted = <T>(act: CountedAct, work: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;

/**
 * `familyNotConfirmed` stands for everything that would tell of somebody: an unknown number, a wrong card or birth date,
 * and people who are no kin. What follows from a kinship that the registry confirmed is told plainly.
 */
export function familyActs(parts: FamilyActParts, counted: Counted) {
  const { app } = parts;
  return {
    /** Begins to act for one's child. */
    takeChild: (request: FastifyRequest, context: CommandContext, typed: ChildNamed) =>
      counted('takeChild', async (): Promise<Outcome<FamilyReceipt>> => {
        const person = parsePersonNumber(typed.personNumber);
        if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
        const card = parseCardNumber(typed.cardNumber);
        if ('refusal' in card) return refused({ code: 'cardNumberInvalid' });
        const kin = { kin: 'child', cardNumber: card.cardNumber } as const;
        const found = await confirmKin(parts, request, context, person.number, kin);
        if (!found.ok) return found;
        return takeChild(app.ledger, context, { childKey: found.value.personKey });
      }),

    /** Asks an elder for their word. Refuses with `familyActorTooYoung` too. */
    askElder: (request: FastifyRequest, context: CommandContext, typed: ElderNamed) =>
      counted('askElder', async (): Promise<Outcome<FamilyReceipt>> => {
        const person = parsePersonNumber(typed.personNumber);
        if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
        const { birthDate } = typed;
        if (!isPlainDate(birthDate)) return refused({ code: 'birthDateInvalid' });
        const actor = await readPerson(app.ledger, context.personKey);
        const today = taipeiDateOf(await app.ledgerNow());
        if (ageOn(actor.birthDate, today) < adultFromAge) return refused({ code: 'familyActorTooYoung' });
        const kin = { kin: 'parent', birthDate } as const;
        const found = await confirmKin(parts, request, context, person.number, kin);
        if (!found.ok) return found;
        return askElder(app.ledger, context, { elderKey: found.value.personKey });
      }),

    answerFamilyRequest: (
      context: CommandContext,
      wish: { readonly familyBondId: string; readonly agreed: boolean },
    ) => counted('answerFamilyRequest', () => answerFamilyRequest(app.ledger, context, wish)),

    endFamilyBond: (context: CommandContext, wish: { readonly familyBondId: string }) =>
      counted('endFamilyBond', () => endFamilyBond(app.ledger, context, wish)),

    consentForChild: (context: CommandContext, wish: ConsentWish) =>
      counted('consentForChild', () => consentForChild(app.ledger, context, wish)),
  };
}

type Kin = Pick<KinshipVerification, 'kin'> &
  (
    | { readonly kin: 'child'; readonly cardNumber: KinshipCard }
    | { readonly kin: 'parent'; readonly birthDate: string }
  );
type KinshipCard = Extract<KinshipVerification, { kin: 'child' }>['cardNumber'];

async function confirmKin(
  { app, registry, floorMs }: FamilyActParts,
  request: FastifyRequest,
  { personKey }: CommandContext,
  personNumber: PersonNumber,
  kin: Kin,
): Promise<Outcome<{ readonly personKey: string }>> {
  if (request.citizen?.station) return refused({ code: 'stationMayNot' });
  const tooMany = await app.limits.pace('familyAsked', personKey);
  if (tooMany) return refused(tooMany);
  return inEqualTime(floorMs, async () => {
    const mark = request.browserMark();
    const source = { address: request.ip, ...(mark && !mark.isNew && { browser: mark.id }) };
    const attempt = await app.limits.begin('family', source, personNumber);
    if ('code' in attempt) return refused(attempt);
    const registryPersonId = await registryIdOf(app.ledger.db, personKey);
    let found: RegistryPerson | undefined;
    try {
      const answer = await registry.verifyKinship({ registryPersonId, personNumber, ...kin });
      found = answer.outcome === 'match' ? answer.person : undefined;
    } catch (error) {
      if (!(error instanceof RegistryUnavailable)) throw error;
      await attempt.withdrawn();
      app.log.warn({ reason: error.reason }, 'the insurance registry did not answer');
      return refused({ code: 'registryUnavailable' });
    }
    if (!found) return refused({ code: 'familyNotConfirmed' });
    await attempt.succeeded(mark?.id);
    const today = taipeiDateOf(await app.ledgerNow());
    if (kin.kin === 'child' && today >= fifteenthBirthday(found.birthDate)) {
      return refused({ code: 'familyChildGrownUp' });
    }
    return accepted({ personKey: (await identifyPerson(app.ledger, found)).personKey });
  });
}

/** Are these pages and calls open in this session? A station's only where it may hear an elder's word. */
export function refuseFamilyHere(request: FastifyRequest): Refusal | undefined {
  const station = request.citizen?.station;
  return station && !stationMay(station.kind, 'answerFamily') ? { code: 'stationMayNot' } : undefined;
}

/** Somebody of the family as the other may see them. */
export interface FamilyMember {
  readonly maskedName: string;
  readonly maskedNumber: string;
}

export interface FamilyBondView extends FamilyBond {
  /** The part of the person who looks. */
  readonly role: 'acts' | 'isActedFor';
  readonly other: FamilyMember;
}

export interface FamilyEntryView extends FamilyEntry {
  readonly other: FamilyMember;
}

/** The person's bonds and what was done under them, with the others' names masked. */
export async function readFamily(
  { ledger }: FastifyInstance,
  personKey: string,
): Promise<{ readonly bonds: readonly FamilyBondView[]; readonly history: readonly FamilyEntryView[] }> {
  const bonds = await familyBondsOf(ledger.db, personKey);
  const history = await familyHistoryOf(ledger.db, personKey);
  const otherOf = (bond: FamilyBond): string => (bond.byKey === personKey ? bond.forKey : bond.byKey);
  const keys = new Set([...bonds.map(otherOf), ...history.map(({ otherKey }) => otherKey)]);
  const members = new Map<string, FamilyMember>();
  for (const key of keys) {
    const { name, personNumber } = await readPerson(ledger, key);
    members.set(key, { maskedName: maskName(name), maskedNumber: maskPersonNumber(personNumber) });
  }
  const member = (key: string): FamilyMember => members.get(key) ?? { maskedName: '', maskedNumber: '' };
  return {
    bonds: bonds.map((bond) => ({
      ...bond,
      role: bond.byKey === personKey ? 'acts' : 'isActedFor',
      other: member(otherOf(bond)),
    })),
    history: history.map((entry) => ({ ...entry, other: member(entry.otherKey) })),
  };
}
