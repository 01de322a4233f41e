/** The waiting list (候補): who asked for places that others give back, and in which order they are offered. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Stage } from '../domain/lifecycle/transitions';
import { mayJoinWaitingList } from '../domain/place-offer/place-offer-rules';
import type { Outcome } from '../domain/refusal/refusals';
import { ranked, type Candidate } from '../domain/settlement/assignment';
import { citizenCommand, whyNotTakenBack, type CommandContext } from './citizen-command';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { getRound } from './round';
import { lotOf } from './settlement-evidence';

/** Where somebody stands with the waiting list of a round. */
export interface WaitingView {
  readonly roundId: string;
  readonly waiting: boolean;
  readonly joinedAt: Instant | null;
  /** How it ended, for who is not on the list any more. */
  readonly leftAs: 'left' | 'accepted' | 'unanswered' | null;
}

/**
 * Puts the person on the round's waiting list with the area and products of their registration. Joining again changes
 * nothing, and the time of joining never counts. Refuses with the reasons of `mayJoinWaitingList`.
 */
export async function joinWaitingList(
  ledger: Ledger,
  context: CommandContext,
  { roundId }: { readonly roundId: string },
): Promise<Outcome<{ readonly roundId: string }>> {
  const round = await getRound(ledger.db, roundId);
  return citizenCommand(ledger, context, [], async (tx, { personKey, version }) => {
    const { rows } = await sql<{ stage: Stage | null; settled: boolean; waits: boolean }>`
      select p.stage, exists (select from settlement where round_id = ${roundId} and completed_at is not null) as settled,
        exists (select from waiting_list_entry w where w.person_key = ${personKey}::uuid and w.round_id = ${roundId}
          and w.left_at is null) as waits
      from (values (1)) one
      left join participation p on p.person_key = ${personKey}::uuid and p.round_id = ${roundId}
    `.execute(tx);
    const [standing] = rows;
    const may = mayJoinWaitingList(round, standing?.stage ?? null, standing?.settled ?? false);
    if (!may.ok) return { refusal: may.refusal };
    if (standing?.waits) return { outcome: { roundId } };
    await sql`
      insert into waiting_list_entry (person_key, round_id, county_code, products)
      select person_key, round_id, county_code, products from registration
      where person_key = ${personKey}::uuid and round_id = ${roundId} and withdrawn_at is null
      on conflict (person_key, round_id) do update
        set joined_at = ledger_now(), left_at = null, left_as = null, unanswered = 0
    `.execute(tx);
    await noteInHistory(tx, context, version, 'joinWaitingList', roundId);
    return { outcome: { roundId } };
  });
}

/** Takes the person off the list; an offer that stands stays theirs to answer. Leaving when not on it changes nothing. */
export async function leaveWaitingList(
  ledger: Ledger,
  context: CommandContext,
  { roundId }: { readonly roundId: string },
): Promise<Outcome<{ readonly roundId: string }>> {
  return citizenCommand(ledger, context, [], async (tx, person) => {
    const { personKey, version } = person;
    const refusal = whyNotTakenBack(person);
    if (refusal) return { refusal };
    if (await endWaiting(tx, personKey, roundId, 'left')) {
      await noteInHistory(tx, context, version, 'leaveWaitingList', roundId);
    }
    return { outcome: { roundId } };
  });
}

/** Ends an entry; false when there is none that lasts. */
export async function endWaiting(
  tx: LedgerTx,
  personKey: string,
  roundId: string,
  as: 'left' | 'accepted' | 'unanswered',
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update waiting_list_entry set left_at = ledger_now(), left_as = ${as}
    where person_key = ${personKey}::uuid and round_id = ${roundId} and left_at is null
  `.execute(tx);
  return numAffectedRows === 1n;
}

/** Into the history without a new version: the engine owes nothing to who waits, and need not hear of millions. */
async function noteInHistory(
  tx: LedgerTx,
  context: CommandContext,
  version: number,
  act: 'joinWaitingList' | 'leaveWaitingList',
  roundId: string,
): Promise<void> {
  await tx
    .insertInto('audit_entry')
    .values({
      person_key: context.personKey,
      version,
      act,
      actor: context.actor,
      channel: context.channel,
      detail: JSON.stringify({ roundId }),
    })
    .execute();
}

/** Where the person stands with the waiting list of a round; undefined when they never joined it. */
export async function readWaiting(
  db: LedgerReader,
  personKey: string,
  roundId: string,
): Promise<WaitingView | undefined> {
  const row = await db
    .selectFrom('waiting_list_entry')
    .select(['joined_at', 'left_at', 'left_as'])
    .where('person_key', '=', personKey)
    .where('round_id', '=', roundId)
    .executeTakeFirst();
  return (
    row && {
      roundId,
      waiting: row.left_at === null,
      joinedAt: row.joined_at.toISOString(),
      leftAs: row.left_as as WaitingView['leftAs'],
    }
  );
}

/** A place as the list is asked about it. */
export interface PlaceWanted {
  readonly roundId: string;
  readonly product: string;
  readonly countyCode: string;
}

const waitingFor = ({ roundId, product, countyCode }: PlaceWanted) => sql`(
    select e.person_key, e.round_id from waiting_list_entry e
    join participation p on p.person_key = e.person_key and p.round_id = e.round_id and p.stage = 'registered'
    where e.round_id = ${roundId} and e.county_code = ${countyCode} and ${product} = any(e.products)
      and e.left_at is null
  ) w`;

/** Does anybody wait for such a place? Whether it may be given to them is asked when it is offered. */
export async function isWaitedFor(db: LedgerReader, wanted: PlaceWanted): Promise<boolean> {
  const { rows } = await sql<{ waited: boolean }>`
    select exists (select from ${waitingFor(wanted)}) as waited`.execute(db);
  return rows[0]?.waited ?? false;
}

/** Candidates read at once: the first of them usually takes the place. */
const rankedAtOnce = 200;

/**
 * Keys of those who wait for such a place and were not offered this one, first the one to whom it is offered next: by
 * the settlement's own order. The database only brings those who can be next by group and age, with all their ties;
 * the order itself is the domain's.
 */
export async function* rankedForPlace(
  db: LedgerReader,
  freedPlaceId: string,
  wanted: PlaceWanted,
): AsyncGenerator<string> {
  for (let seen = 0; ;) {
    const { rows } = await sql<{
      person_key: string;
      birth_date: string;
      priority_group: number;
      waited_for: string[] | null;
    }>`
      select r.person_key, person.birth_date, r.priority_group, earlier.products as waited_for
      from ${waitingFor(wanted)}
      join registration r on r.person_key = w.person_key and r.round_id = w.round_id and r.withdrawn_at is null
      join person on person.person_key = w.person_key
      left join registration earlier on earlier.round_id = r.carried_from and earlier.person_key = r.person_key
        and earlier.withdrawn_at is null
      where not exists (select from place_offer o
        where o.freed_place_id = ${freedPlaceId}::uuid and o.person_key = r.person_key)
      order by r.priority_group, person.birth_date
      offset ${seen} fetch first ${sql.lit(rankedAtOnce)} rows with ties
    `.execute(db);
    const candidates = rows.map((row): Candidate => ({
      personKey: row.person_key,
      countyCode: wanted.countyCode,
      priorityGroup: row.priority_group,
      birthDate: row.birth_date,
      products: [wanted.product],
      waitedFor: row.waited_for ?? [],
      lot: lotOf(wanted.roundId, row.person_key),
    }));
    yield* ranked(wanted.product, candidates).map(({ personKey }) => personKey);
    seen += rows.length;
    if (rows.length < rankedAtOnce) return;
  }
}

/** The waiting list as one person sees it: of the round in which it can help them, else of their newest. */
export interface OwnWaitingList {
  readonly roundId: string;
  readonly stage: Stage;
  readonly settled: boolean;
  readonly countyCode: string;
  readonly products: readonly string[];
  readonly waiting: boolean;
  readonly joinedAt: Instant | null;
  readonly leftAs: WaitingView['leftAs'];
}

/** Undefined for who has no live registration in a round that is still open. */
export async function readOwnWaitingList(
  db: LedgerReader,
  personKey: string,
): Promise<OwnWaitingList | undefined> {
  const { rows } = await sql<{
    round_id: string;
    stage: Stage;
    settled: boolean;
    county_code: string;
    products: string[];
  }>`
    select p.round_id, p.stage, coalesce(s.completed_at is not null, false) as settled, r.county_code, r.products
    from participation p
    join round o on o.round_id = p.round_id and o.closed_at is null
    join registration r on r.person_key = p.person_key and r.round_id = p.round_id and r.withdrawn_at is null
    left join settlement s on s.round_id = p.round_id
    where p.person_key = ${personKey}::uuid
    order by p.stage = 'offered' desc, (p.stage = 'registered' and s.completed_at is not null) desc,
      o.registration_opens_at desc limit 1
  `.execute(db);
  const [row] = rows;
  if (!row) return undefined;
  const entry = await readWaiting(db, personKey, row.round_id);
  return {
    roundId: row.round_id,
    stage: row.stage,
    settled: row.settled,
    countyCode: row.county_code,
    products: row.products,
    waiting: entry?.waiting ?? false,
    joinedAt: entry?.joinedAt ?? null,
    leftAs: entry?.leftAs ?? null,
  };
}
