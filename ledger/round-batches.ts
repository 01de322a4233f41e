/** How a step of a whole round goes through its people: some at a time, each batch whole or not at all. */
import { sql, type RawBuilder } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Act } from '../domain/lifecycle/transitions';
import type { Actor } from './citizen-command';
import type { Ledger } from './database';

/** What a step of a round comes to; `notDue`: the ledger's clock has not come so far. */
export type RoundStepResult =
  | { readonly answer: 'done'; readonly touched: number }
  | { readonly answer: 'notDue'; readonly until: Instant };

export interface BatchOptions {
  /** People in one transaction. */
  readonly batch?: number;
  /** Batches at once, each with a connection of its own. */
  readonly lanes?: number;
  /** Called after each batch, with how many people are done: for heartbeats. May throw to stop. */
  readonly onProgress?: (touched: number) => void;
}

/** Two thousand people take some hundred milliseconds: no citizen waits long behind a step that holds them. */
const defaultBatch = 2_000;
/** One batch writes while the other waits for the disk; more would take connections from other steps. */
const defaultLanes = 2;

/** People by their keys, which are random: some that lie side by side. */
export interface KeyRange {
  /** SQL that is true for keys of this range. */
  holds(key: RawBuilder<unknown>): RawBuilder<unknown>;
}

/** One kind of step, in SQL: nothing about a person leaves the database. */
export interface RoundStepPlan {
  /** A statement that each batch begins with: takes a lock that what follows relies on. */
  readonly hold?: RawBuilder<unknown>;
  /** Selects `person_key` of those of the range who may still be concerned. */
  concerned(range: KeyRange): RawBuilder<unknown>;
  /**
   * Does the step to those of the range who are still concerned, checking again, and records it (see `recordedInBulk`);
   * one row with how many were `touched`. By then everyone concerned is locked.
   */
  apply(range: KeyRange): RawBuilder<{ touched: number }>;
}

/**
 * Takes a step for everyone concerned. Killed at any point and called again, it goes on with those who are left.
 * People are locked by key before anything of theirs, as citizens' own commands do, so neither waits in a circle.
 */
export async function takeInRanges(
  ledger: Ledger,
  plan: RoundStepPlan,
  { batch = defaultBatch, lanes = defaultLanes, onProgress }: BatchOptions,
): Promise<number> {
  let touched = 0;
  for (;;) {
    const before = touched;
    const ranges = await rangesOf(ledger, plan, batch);
    let stopped = false;
    const lane = async () => {
      try {
        for (let range = ranges.shift(); range && !stopped; range = ranges.shift()) {
          const done = await takeRange(ledger, plan, range);
          touched += done;
          onProgress?.(touched);
        }
      } catch (error) {
        stopped = true;
        throw error;
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    // Someone may have come to be concerned meanwhile; whom the step passes over stays concerned for ever.
    if (touched === before) return touched;
  }
}

/** Cuts those concerned into ranges of `batch` people each. */
async function rangesOf(ledger: Ledger, plan: RoundStepPlan, batch: number): Promise<KeyRange[]> {
  const { rows } = await sql<{ people: number; ends: string[] | null }>`
    select count(*) as people,
      array_agg(person_key order by person_key) filter (where place % ${batch} = 0)::text[] as ends
    from (select person_key, row_number() over (order by person_key) as place
      from (${plan.concerned(everyone)}) concerned) placed
  `.execute(ledger.db);
  const { people = 0, ends } = rows[0] ?? {};
  if (people === 0) return [];
  const cuts = [null, ...(ends ?? []), null];
  return cuts.slice(1).map((through, index) => between(cuts[index] ?? null, through));
}

const everyone: KeyRange = { holds: () => sql`true` };

function between(after: string | null, through: string | null): KeyRange {
  return {
    holds: (key) => {
      const above = after === null ? sql`true` : sql`${key} > ${after}::uuid`;
      const upTo = through === null ? sql`true` : sql`${key} <= ${through}::uuid`;
      return sql`(${above} and ${upTo})`;
    },
  };
}

async function takeRange(ledger: Ledger, plan: RoundStepPlan, range: KeyRange): Promise<number> {
  return ledger.db.transaction().execute(async (tx) => {
    await plan.hold?.execute(tx);
    await sql`
      select count(*) from (
        select from person where person_key in (${plan.concerned(range)}) order by person_key for no key update
      ) locked
    `.execute(tx);
    // Only a second statement sees what was committed while the first one waited.
    const { rows } = await plan.apply(range).execute(tx);
    return rows[0]?.touched ?? 0;
  });
}

/**
 * Further parts of a `with` that changed people: the next version, the audit row and the mark for the relay of each.
 * `changed` selects `person_key` and `owed_from`, an instant before which the change makes nothing due, and `detail`
 * where none is given for all. What was owed
 * before keeps its own bound; the relay, which reads the whole snapshot, writes the exact instant.
 */
export function recordedInBulk(change: {
  readonly changed: RawBuilder<unknown>;
  readonly act: Act;
  readonly detail?: Readonly<Record<string, string | number>>;
  /** A round's own workflow unless said otherwise. */
  readonly by?: { readonly actor: Actor; readonly channel: string };
}): RawBuilder<unknown> {
  const { actor, channel } = change.by ?? { actor: 'system', channel: 'round-workflow' };
  const detail = change.detail ? sql`${JSON.stringify(change.detail)}::jsonb` : sql`changed.detail`;
  return sql`
    to_record as materialized (
      select changed.person_key, changed.owed_from, ${detail} as detail, ledger.now
      from (${change.changed}) changed, (select ledger_now() as now offset 0) ledger
    ), bumped as (
      update person set version = version + 1 from to_record r where person.person_key = r.person_key
      returning person.person_key, person.version, r.owed_from, r.detail, r.now
    ), audited as (
      insert into audit_entry (person_key, version, act, actor, channel, detail, ledger_time)
      select person_key, version, ${change.act}, ${actor}, ${channel}, detail, now
      from bumped
    ), marked as (
      insert into citizen_outbox as o (person_key, version, lane, next_due_at)
      select person_key, version, 'mass', owed_from from bumped
      on conflict (person_key) do update set version = excluded.version,
        lane = case when o.version > o.sent_version and o.lane = 'personal' then 'personal' else excluded.lane end,
        -- Who already waits for the relay keeps the place in the queue.
        changed_at = case when o.version > o.sent_version then o.changed_at else clock_timestamp() end,
        next_due_at = least(o.next_due_at, excluded.next_due_at), asleep = false, pokes = 0,
        trace_parent = null
    )
  `;
}
