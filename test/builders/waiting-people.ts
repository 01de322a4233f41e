/** People of a settled round who registered in vain, with their place on the waiting list if they asked for one. */
import { sql } from 'kysely';

import type { PlainDate } from '../../domain/civil-time/plain-date';
import { joinWaitingList } from '../../ledger/waiting-list';
import type { LedgerWorld } from './ledger-world';

/** Registered in a round that ranks, and not invited in it. */
export async function registeredInVain(
  world: LedgerWorld,
  options: {
    readonly birthDate?: PlainDate;
    readonly group?: number;
    readonly products?: readonly string[];
    readonly districtCode?: string;
    readonly roundId?: string;
  } = {},
): Promise<string> {
  const { group = 9, products = ['Moderna'], districtCode = '63000030', roundId = 'round-1' } = options;
  const personKey = await world.person({
    ...(options.birthDate === undefined ? {} : { birthDate: options.birthDate }),
    groups: [group],
  });
  const contactId = await world.contact(personKey);
  const { db } = world.ledger;
  await sql`insert into participation (person_key, round_id, dose_number, stage, last_act)
    values (${personKey}::uuid, ${roundId}, 1, 'registered', 'register')`.execute(db);
  await sql`insert into registration (person_key, round_id, contact_id, county_code, district_code, products, priority_group)
    values (${personKey}::uuid, ${roundId}, ${contactId}::uuid, ${districtCode.slice(0, 5)}, ${districtCode},
      ${[...products]}::text[], ${group})`.execute(db);
  return personKey;
}

/** The round's settlement as carried out, without the ranking that made it. */
export async function settledRound(world: LedgerWorld, roundId = 'round-1'): Promise<void> {
  await sql`insert into settlement (round_id, rules_version, registrations, invited, completed_at)
    values (${roundId}, 'test', 0, 0, ledger_now()) on conflict do nothing`.execute(world.ledger.db);
}

/** Someone on the waiting list. */
export async function waitingPerson(
  world: LedgerWorld,
  options: Parameters<typeof registeredInVain>[1] = {},
): Promise<string> {
  const personKey = await registeredInVain(world, options);
  const joined = await joinWaitingList(world.ledger, world.acting(personKey), {
    roundId: options.roundId ?? 'round-1',
  });
  if (!joined.ok) throw new Error(joined.refusal.code);
  return personKey;
}
