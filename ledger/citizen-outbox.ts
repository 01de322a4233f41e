/**
 * The mark for the relay: which version of each person the ledger holds and which one the engine was given, who
 * sleeps until something is due, and who is overdue and has to be poked.
 */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { CitizenSnapshot } from '../domain/lifecycle/snapshot';
import { openObligations } from '../domain/lifecycle/obligations';
import { ledgerNow } from './clock';
import type { LedgerDb, LedgerReader } from './database';
import { readSnapshots } from './snapshot';

/** A person whose newest state the engine has not seen; `version` is that of the snapshot. */
export interface UnsentCitizen {
  readonly personKey: string;
  readonly version: number;
  readonly snapshot: CitizenSnapshot;
}

/**
 * Takes up to `limit` people for `leaseMs`, personal changes before mass ones; several relays never take the same.
 * No lock outlives the call. Who is not marked sent in time comes again when the lease ends.
 */
export async function claimUnsent(
  db: LedgerDb,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<readonly UnsentCitizen[]> {
  const personal = await claimLane(db, 'personal', limit, leaseMs);
  const left = limit - personal.length;
  const keys = left > 0 ? [...personal, ...(await claimLane(db, 'mass', left, leaseMs))] : personal;
  if (keys.length === 0) return [];
  const snapshots = await readSnapshots(db, keys);
  return keys.flatMap((personKey) => {
    const snapshot = snapshots.get(personKey);
    return snapshot ? [{ personKey, version: snapshot.version, snapshot }] : [];
  });
}

async function claimLane(
  db: LedgerReader,
  lane: 'personal' | 'mass',
  limit: number,
  leaseMs: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ person_key: string }>`
    with due as materialized (
      select person_key, changed_at from citizen_outbox
      where version > sent_version and lane = ${lane}
        and (lease_until is null or lease_until <= statement_timestamp())
      order by changed_at limit ${limit}
      for update skip locked
    ), taken as (
      update citizen_outbox o set lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      from due where o.person_key = due.person_key
      returning o.person_key, due.changed_at
    )
    select person_key from taken order by changed_at
  `.execute(db);
  return rows.map(({ person_key }) => person_key);
}

/** Marks versions as given to the engine; a newer version in the ledger stays unsent and free to be claimed. */
export async function markSent(
  db: LedgerReader,
  sent: readonly { readonly personKey: string; readonly version: number }[],
): Promise<void> {
  if (sent.length === 0) return;
  await sql`
    update citizen_outbox o set sent_version = greatest(o.sent_version, s.version), lease_until = null
    from unnest(${sent.map((s) => s.personKey)}::uuid[], ${sent.map((s) => s.version)}::bigint[]) as s (person_key, version)
    where o.person_key = s.person_key
  `.execute(db);
}

/**
 * Marks a person's run as ended because nothing is due for days; `wakeAt` is what the run would have waited for, null
 * when nothing. Whoever asks holds `version`, so the engine was given it, even if the relay has not marked that yet.
 * False, and the run must go on, when the ledger has moved past `version`. Asking twice is harmless.
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

/** From so many pokes on, what stays overdue is somebody's concern. */
const persistentPokes = 3;
const pokeBatch = 500;

/** Wakes up to `limit` sleepers to whom something has fallen due; the relay then starts their runs. Answers how many. */
export async function wakeSleepers(db: LedgerDb, limit: number): Promise<number> {
  return resendOverdue(db, { graceMs: 0, limit, only: sql`asleep`, counted: false });
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
    const batch = await resendOverdue(db, { graceMs, limit: pokeBatch, only: sql`true`, counted: true });
    poked += batch;
    if (batch < pokeBatch) break;
  }
  const { rows } = await sql<{ persistent: number; unsent: number }>`
    select
      (select count(*) from citizen_outbox where next_due_at is not null
        and next_due_at <= ledger_now() - ${graceMs} * interval '1 millisecond'
        and pokes >= ${persistentPokes}) as persistent,
      (select count(*) from citizen_outbox where version > sent_version
        and changed_at <= clock_timestamp() - ${graceMs} * interval '1 millisecond') as unsent
  `.execute(db);
  return { poked, persistent: rows[0]?.persistent ?? 0, unsent: rows[0]?.unsent ?? 0 };
}

/**
 * One batch of people whose due instant has passed. What they are owed is worked out anew first: an obligation that
 * lapsed unmet is owed no more, and to signal for it would wake its person for nothing, again and again.
 */
async function resendOverdue(
  db: LedgerDb,
  options: {
    readonly graceMs: number;
    readonly limit: number;
    readonly only: ReturnType<typeof sql>;
    readonly counted: boolean;
  },
): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ person_key: string; next_due_at: Date }>`
      select person_key, next_due_at from citizen_outbox
      where next_due_at is not null
        and next_due_at <= ledger_now() - ${options.graceMs} * interval '1 millisecond'
        and sent_version >= version and ${options.only}
      order by next_due_at limit ${options.limit}
      for update skip locked
    `.execute(tx);
    if (rows.length === 0) return 0;
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
    return stillDue.filter(({ overdue }) => overdue).length;
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

/** How far the engine is behind the ledger: for `/metrics` and `/readyz`. */
export interface OutboxLag {
  readonly unsent: number;
  /** Age of the oldest unsent change in seconds; 0 when all is sent. */
  readonly oldestSeconds: number;
  readonly asleep: number;
}

export async function outboxLag(db: LedgerReader): Promise<OutboxLag> {
  const { rows } = await sql<{ unsent: number; oldest: number; asleep: number }>`
    select
      (select count(*) from citizen_outbox where version > sent_version) as unsent,
      (select coalesce(extract(epoch from clock_timestamp() - min(changed_at)), 0)::float8
        from citizen_outbox where version > sent_version) as oldest,
      (select count(*) from citizen_outbox where asleep) as asleep
  `.execute(db);
  const [row] = rows;
  if (!row) throw new Error('an aggregate without GROUP BY has one row');
  return { unsent: row.unsent, oldestSeconds: row.oldest, asleep: row.asleep };
}
