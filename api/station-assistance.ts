/** Acting for somebody without a card: staff of a hotline or counter look the person up, then open one of those shown. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { PlainDate } from '../domain/civil-time/plain-date';
import { maskName, maskPersonNumber } from '../domain/person-number/masks';
import { parsePersonNumber } from '../domain/person-number/person-number';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import { stationMay, type AssistanceReason } from '../domain/station/station';
import { readPerson } from '../ledger/person';
import { lookUpPeople, openLook, type Look } from '../ledger/station-look';
import type { Station } from '../ledger/station';
import type { StationStaff } from '../ledger/station-staff';
import type { SignedInCitizen } from './plugins/session';
import { sessionAt } from './station-key';

/** Who looks: the station and the member of its staff, both known by their keys. */
export interface Assistant {
  readonly station: Station;
  readonly staff: StationStaff;
}

/** What is known of the person: a number, and the birth date where the ledger does not know it; or name and birth date. */
export type PersonAsked =
  | { readonly personNumber: string; readonly birthDate?: PlainDate }
  | { readonly name: string; readonly birthDate: PlainDate; readonly districtCode?: string };

/** Somebody who was found, masked: enough to tell them apart, too little to take away. */
export interface PersonShown {
  readonly place: number;
  readonly maskedName: string;
  readonly maskedNumber: string;
}

export interface LookAnswer extends Pick<Look, 'lookId' | 'tooMany'> {
  readonly people: readonly PersonShown[];
}

/**
 * Looks somebody up. A number with a birth date is asked of the insurance registry, so that whoever was never here is
 * found too. Refuses with `stationMayNot`, `tooManyAttempts`, `personNumberInvalid`, `notInOpenGroup` (the registry
 * knows the person, nothing here concerns them) and `registryUnavailable`.
 */
export async function lookUpAtStation(
  app: FastifyInstance,
  { station, staff }: Assistant,
  reason: AssistanceReason,
  asked: PersonAsked,
): Promise<Outcome<LookAnswer>> {
  const { stationId } = station;
  if (!stationMay(station.kind, 'assist')) return refused({ code: 'stationMayNot' });
  const tooMany = await app.limits.pace('stationLook', `${stationId}/${staff.staffId}`);
  if (tooMany) return refused(tooMany);
  let wanted: Parameters<typeof lookUpPeople>[2];
  if ('personNumber' in asked) {
    const parsed = parsePersonNumber(asked.personNumber);
    if ('refusal' in parsed) return refused({ code: 'personNumberInvalid' });
    const { birthDate } = asked;
    const lookup =
      birthDate === undefined ? undefined : { personNumber: parsed.number, birthDate, stationId };
    const identified = lookup && (await app.acts.identifyAtStation(lookup));
    // What does not belong together finds nobody, and is a look like any other.
    const confirmed = !identified || identified.ok || identified.refusal.code !== 'identityNotConfirmed';
    if (identified && !identified.ok && confirmed) return identified;
    wanted = { personNumber: confirmed ? parsed.number : '' };
  } else {
    wanted = asked;
  }
  const {
    lookId,
    personKeys,
    tooMany: more,
  } = await lookUpPeople(app.ledger, { stationId, staffId: staff.staffId, reason }, wanted);
  const people = await Promise.all(
    personKeys.map(async (personKey, place) => {
      const { name, personNumber } = await readPerson(app.ledger, personKey);
      return { place, maskedName: maskName(name), maskedNumber: maskPersonNumber(personNumber) };
    }),
  );
  return accepted({ lookId, tooMany: more, people });
}

/** Begins to act for one of those whom a look has shown: a session of that person, bound to station, staff and reason. */
export async function beginAssistance(
  app: FastifyInstance,
  request: FastifyRequest,
  { station, staff }: Assistant,
  { lookId, place }: { readonly lookId: string; readonly place: number },
): Promise<Outcome<SignedInCitizen>> {
  const { stationId } = station;
  if (!stationMay(station.kind, 'assist')) return refused({ code: 'stationMayNot' });
  const { staffId } = staff;
  const opened = await openLook(app.ledger, { stationId, staffId }, lookId, place);
  if (!opened.ok) return opened;
  const { personKey, reason } = opened.value;
  const how = { method: 'station', stationId } as const;
  return accepted(await request.signIn(personKey, how, sessionAt(station, { staffId, reason })));
}
