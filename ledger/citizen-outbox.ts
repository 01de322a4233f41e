/**
 * The mark for the relay: which version of each person the ledger holds and which one the engine was given, who
 * sleeps until something is due, and who is overdue and has to be poked.
 *
 * `next_due_at` is a lower bound: nothing is owed before it, and nothing at all when it is null. Who changes many
 * people at once may write a bound that plain SQL knows (when a window opens, or now); the relay, which reads the
 * snapshot anyway, writes the exact instant. A bound that turns out too early costs one look and wakes nobody.
 */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { CitizenSnapshot } from '../domain/lifecycle/snapshot';
import { openObligations } from '../domain/lifecycle/obligations';
import { mayRest } from '../domain/lifecycle/rest';
import { ledgerNow } from './clock';
import type { LedgerDb, LedgerReader } from './database';
import { readSnapshots, readSnapshotsAt } from './snapshot';

/** The lanes of changes in the order of their service: what a person did before what a step of a whole round did. */
export const lanes = ['personal', 'mass'] as const;
export type Lane = (typeof lanes)[number];

/** What the engine was given, or is about to be. */
export interface SentVersion {
  readonly personKey: string;
  readonly version: number;
  /** When the earliest thing owed by that version falls due; null when nothing is. */
  readonly nextDueAt: Instant | null;
  /** Whether the run ends on that version until something falls due. */
  readonly rests: boolean;
  /** When the change or the poke was written that is answered by it, as PostgreSQL writes it to the microsecond. */
  readonly changedAt: string;
}

/** A person whose newest state the engine has not seen; `version` is that of the snapshot. */
export interface UnsentCitizen extends SentVersion {
  readonly snapshot: CitizenSnapshot;
  /** Trace of the newest change, as W3C `traceparent`; null when that is not traced. */
  readonly traceParent: string | null;
}

/**
 * Takes up to `limit` people for `leaseMs`, of one lane or personal changes before mass ones; several relays never
 * take the same. No lock outlives the call. Who is not marked sent in time comes again when the lease ends.
 */
export async function claimUnsent(
  db: LedgerDb,
  { limit, leaseMs, lane }: { readonly limit: number; readonly leaseMs: number; readonly lane?: Lane },
): Promise<readonly UnsentCitizen[]> {
  const claimed: ClaimedCitizen[] = [];
  for (const each of lane === undefined ? lanes : [lane]) {
    const left = limit - claimed.length;
    if (left > 0) claimed.push(...(await claimLane(db, each, left, leaseMs)));
  }
  if (claimed.length === 0) return [];
  const { now, snapshots } = await readSnapshotsAt(
    db,
    claimed.map(({ personKey }) => personKey),
  );
  return claimed.flatMap(({ personKey, traceParent, changedAt }) => {
    const snapshot = snapshots.get(personKey);
    if (!snapshot || now === undefined) return [];
    const nextDueAt = openObligations(personKey, snapshot, now)[0]?.dueAt ?? null;
    const rests = mayRest(personKey, snapshot, now);
    return [{ personKey, version: snapshot.version, nextDueAt, rests, changedAt, snapshot, traceParent }];
  });
}

type ClaimedCitizen = Pick<UnsentCitizen, 'personKey' | 'traceParent' | 'changedAt'>;

async function claimLane(
  db: LedgerReader,
  lane: Lane,
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedCitizen[]> {
  const { rows } = await sql<{ person_key: string; trace_parent: string | null; changed_at: string }>`
    with due as materialized (
      select person_key, changed_at from citizen_outbox
      where version > sent_version and lane = ${lane}
        and (lease_until is null or lease_until <= statement_timestamp())
      order by changed_at limit ${limit}
      for update skip locked
    ), taken as (
      update citizen_outbox o set lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      from due where o.person_key = due.person_key
      returning o.person_key, o.trace_parent, due.changed_at
    )
    select person_key, trace_parent, taken.changed_at::text from taken order by taken.changed_at
  `.execute(db);
  return rows.map(({ person_key, trace_parent, changed_at }) => ({
    personKey: person_key,
    traceParent: trace_parent,
    changedAt: changed_at,
  }));
}

/** Leaves people who were claimed and not sent free at once; who was changed or marked meanwhile stays as it is. */
export async function releaseClaims(db: LedgerReader, personKeys: readonly string[]): Promise<void> {
  if (personKeys.length === 0) return;
  await sql`
    update citizen_outbox set lease_until = null
    where person_key = any(${[...personKeys]}::uuid[]) and version > sent_version
  `.execute(db);
}

/**
 * Marks versions as given to the engine, and notes of who has not changed since when exactly something falls due and
 * whether the run rests until then; a newer version in the ledger stays unsent, free to be claimed, and keeps the
 * bound that came with it. Who was poked since stays unsent too: a second carrying of the same version, whose lease
 * had run out, may be marked late, and what it carried was read before the clock came to what is owed.
 */
export async function markSent(db: LedgerReader, sent: readonly SentVersion[]): Promise<void> {
  if (sent.length === 0) return;
  await sql`
    update citizen_outbox o set sent_version = greatest(o.sent_version, s.version), lease_until = null,
      next_due_at = case when o.version = s.version then s.next_due_at else o.next_due_at end,
      asleep = o.asleep or (o.version = s.version and s.rests)
    from unnest(${sent.map((s) => s.personKey)}::uuid[], ${sent.map((s) => s.version)}::bigint[],
      ${sent.map((s) => s.nextDueAt)}::timestamptz[], ${sent.map((s) => s.rests)}::boolean[],
      ${sent.map((s) => s.changedAt)}::timestamptz[])
      as s (person_key, version, next_due_at, rests, changed_at)
    where o.person_key = s.person_key and (o.version > s.version or o.changed_at <= s.changed_at)
  `.execute(db);
}

/**
 * Marks a person's run as ended although the rule of `mayRest` would have it wait: what it would wait for was overtaken
 * by the facts. `wakeAt` is what falls due next, null when nothing. Whoever asks holds `version`, so the engine was
 * given it, even if the relay has not marked that yet. False, and the run must go on, when the ledger has moved past
 * `version`. Asking twice is harmless.
 */
export async function fallAsleep(
  db: LedgerReader,
  personKey: string,
  version: number,
  wakeAt: Instant | null,
): Promise<boolean> {
  const { rows } = await sql`
    update citizen_outbox set asleep = true, next_due_at = ${wakeAt}::timestamptz,
      sent_version = greatest(sent_version, version)
    where person_key = ${personKey}::uuid and version = ${version}
    returning person_key
  `.execute(db);
  return rows.length === 1;
}

/** What the reconciler found: `poked` now, `persistent` still overdue after several pokes, `unsent` beyond the grace. */
export interface Reconciliation {
  readonly poked: number;
  readonly persistent: number;
  readonly unsent: number;
}

/** From so many pokes on, what stays overdue is somebody's concern; an index of the table keeps to the same number. */
const persistentPokes = 3;
const pokeBatch = 500;

/** Wakes up to `limit` sleepers to whom something has fallen due; the relay then starts their runs. Answers how many. */
export async function wakeSleepers(db: LedgerDb, limit: number): Promise<number> {
  for (;;) {
    const { looked, resent } = await resendOverdue(db, {
      graceMs: 0,
      limit,
      only: sql`asleep`,
      counted: false,
    });
    // A whole batch to whom nothing is owed yet may hide those behind it.
    if (resent > 0 || looked < limit) return resent;
  }
}

/**
 * Pokes everyone, awake or asleep, whose due instant passed more than `graceMs` ago by the ledger's clock though the
 * engine was given the newest version: marked unsent, so that the relay signals the same version again.
 * Healthy, it reads one empty index range and does nothing.
 */
export async function pokeOverdue(
  db: LedgerDb,
  { graceMs }: { readonly graceMs: number },
): Promise<Reconciliation> {
  let poked = 0;
  for (;;) {
    const { looked, resent } = await resendOverdue(db, {
      graceMs,
      limit: pokeBatch,
      only: sql`true`,
      counted: true,
    });
    poked += resent;
    if (looked < pokeBatch) break;
  }
  const { rows } = await sql<{ persistent: number; unsent: number }>`
    select
      (select count(*) from citizen_outbox where next_due_at is not null
        and next_due_at <= ledger_now() - ${graceMs} * interval '1 millisecond'
        and pokes >= ${sql.lit(persistentPokes)}) as persistent,
      (select count(*) from citizen_outbox where version > sent_version
        and changed_at <= clock_timestamp() - ${graceMs} * interval '1 millisecond') as unsent
  `.execute(db);
  return { poked, persistent: rows[0]?.persistent ?? 0, unsent: rows[0]?.unsent ?? 0 };
}

/**
 * One batch of people whose due instant has passed. What they are owed is worked out anew first: the bound may have
 * been too early, and an obligation that lapsed unmet is owed no more; to signal for either would wake its person for
 * nothing, again and again. The instant worked out is written back, so that each is looked at once.
 */
async function resendOverdue(
  db: LedgerDb,
  options: {
    readonly graceMs: number;
    readonly limit: number;
    readonly only: ReturnType<typeof sql>;
    readonly counted: boolean;
  },
): Promise<{ readonly looked: number; readonly resent: number }> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ person_key: string; next_due_at: Date }>`
      select person_key, next_due_at from citizen_outbox
      where next_due_at is not null
        and next_due_at <= ledger_now() - ${options.graceMs} * interval '1 millisecond'
        and sent_version >= version and ${options.only}
      order by next_due_at limit ${options.limit}
      for update skip locked
    `.execute(tx);
    if (rows.length === 0) return { looked: 0, resent: 0 };
    const due = await nextDueOf(
      tx,
      rows.map(({ person_key }) => person_key),
    );
    const threshold = Date.parse(await ledgerNow(tx)) - options.graceMs;
    const stillDue = rows.map(({ person_key }) => {
      const dueAt = due.get(person_key) ?? null;
      return { personKey: person_key, dueAt, overdue: dueAt !== null && Date.parse(dueAt) <= threshold };
    });
    await sql`
      update citizen_outbox o set
        next_due_at = d.due_at,
        sent_version = case when d.overdue then o.version - 1 else o.sent_version end,
        changed_at = case when d.overdue then clock_timestamp() else o.changed_at end,
        lane = case when d.overdue then 'mass' else o.lane end,
        asleep = o.asleep and not d.overdue,
        pokes = case when d.overdue then least(o.pokes + ${options.counted ? 1 : 0}, 30000) else 0 end
      from unnest(
        ${stillDue.map((d) => d.personKey)}::uuid[],
        ${stillDue.map((d) => d.dueAt)}::timestamptz[],
        ${stillDue.map((d) => d.overdue)}::boolean[]
      ) as d (person_key, due_at, overdue)
      where o.person_key = d.person_key
    `.execute(tx);
    return { looked: rows.length, resent: stillDue.filter(({ overdue }) => overdue).length };
  });
}

async function nextDueOf(
  db: LedgerReader,
  personKeys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const snapshots = await readSnapshots(db, personKeys);
  const now = await ledgerNow(db);
  return new Map(
    [...snapshots].flatMap(([personKey, snapshot]) => {
      const [first] = openObligations(personKey, snapshot, now);
      return first ? [[personKey, first.dueAt] as const] : [];
    }),
  );
}

/** How far the engine is behind in one lane. */
export interface LaneLag {
  readonly unsent: number;
  /** Age of the oldest unsent change in seconds; 0 when all is sent. */
  readonly oldestSeconds: number;
}

/** How far the engine is behind the ledger: for `/metrics` and `/readyz`. */
export interface OutboxLag extends LaneLag {
  readonly lanes: Readonly<Record<Lane, LaneLag>>;
}

export async function outboxLag(db: LedgerReader): Promise<OutboxLag> {
  const { rows } = await sql<{ lane: Lane; unsent: number; oldest: number }>`
    select lane, count(*) as unsent,
      extract(epoch from clock_timestamp() - min(changed_at))::float8 as oldest
    from citizen_outbox where version > sent_version group by lane
  `.execute(db);
  const lagOf = (lane: Lane): LaneLag => {
    const row = rows.find((each) => each.lane === lane);
    return { unsent: row?.unsent ?? 0, oldestSeconds: Math.max(0, row?.oldest ?? 0) };
  };
  const byLane = { personal: lagOf('personal'), mass: lagOf('mass') };
  return {
    unsent: byLane.personal.unsent + byLane.mass.unsent,
    oldestSeconds: Math.max(byLane.personal.oldestSeconds, byLane.mass.oldestSeconds),
    lanes: byLane,
  };
}

/** People whose run ended and who are woken when something falls due. Reads an index of all of them. */
export async function countAsleep(db: LedgerReader): Promise<number> {
  const { rows } = await sql<{ asleep: number }>`
    select count(*) as asleep from citizen_outbox where asleep and next_due_at is not null
  `.execute(db);
  return rows[0]?.asleep ?? 0;
}
