/**
 * One citizen's act as one transaction: slots locked, then the person, then the decision, and with the change the
 * person's next version, the audit row, the mark for the relay and the idempotent answer.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { DatabaseError } from 'pg';

import { openObligations } from '../domain/lifecycle/obligations';
import type { FamilyKind } from '../domain/family/family-bond';
import { mayRest } from '../domain/lifecycle/rest';
import type { Act, Stage } from '../domain/lifecycle/transitions';
import { mayActAt, stationMay, type StationKind } from '../domain/station/station';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import type { Ledger, LedgerTx } from './database';
import { readSnapshotsAt } from './snapshot';
import { activeTraceParent } from './trace-parent';

export type Actor = 'citizen' | 'station' | 'staff' | 'workflow' | 'system';

/** Who does it, by which door, and under which idempotency key. */
export interface CommandContext {
  readonly personKey: string;
  readonly actor: Actor;
  /** The way in: `web`, `api`, `station`, `citizen-workflow`, … */
  readonly channel: string;
  /** The session that acts; a command of an ended session is refused inside its own transaction. */
  readonly sessionId?: string;
  /** Set where somebody of the person's family acts (家人代辦); `channel` then names the bond and who it is. */
  readonly inFamily?: { readonly familyBondId: string; readonly kind: FamilyKind };
  readonly idempotency?: { readonly key: string; readonly requestHash: Buffer };
}

/** The person as locked by the transaction. */
export interface LockedPerson {
  readonly personKey: string;
  readonly birthDate: PlainDate;
  readonly priorityGroups: readonly number[];
  readonly version: number;
  readonly now: Instant;
  /** The kind of station that began the session under which the command runs; null for every other session. */
  readonly stationKind: StationKind | null;
}

/** What a decision comes to: a refusal (nothing is written) or an outcome, with the act where something changed. */
export type Decision<T> =
  | { readonly refusal: Refusal }
  | {
      readonly outcome: T;
      readonly act: Act | AuditedAct;
      readonly detail?: Record<string, string | number>;
      /** The person's own run asked and is given the new state with its answer: the relay need not carry it. */
      readonly toldToRun?: boolean;
    }
  /** Accepted without a change: asked for what already is so. */
  | { readonly outcome: T };

/** Acts beyond the lifecycle that a person's history keeps. */
export type AuditedAct = 'identify' | 'meetObligation' | 'recordDose';

const attempts = 4;
/** Deadlock and serialisation failure: nothing was done, and doing it again may well succeed. */
const retried = new Set(['40P01', '40001']);
const retryWithinMs = 50;

/**
 * Runs `decide` with the person locked. `lockSlots` are locked first, in order of id: every command keeps this order,
 * so that they cannot wait for each other in a circle. Deadlocks and serialisation failures are tried again, so
 * `decide` may run more than once and acts on nothing but `tx`. `withPeople` are locked too, in order of key with the
 * person. Its outcome is kept as the answer to a repeated
 * request: it holds numbers and codes, nothing personal; what a citizen reads is built from it afterwards.
 */
export async function citizenCommand<T>(
  ledger: Ledger,
  context: CommandContext,
  lockSlots: readonly number[],
  decide: (tx: LedgerTx, person: LockedPerson) => Promise<Decision<T>>,
  { withPeople = [] }: { readonly withPeople?: readonly string[] } = {},
): Promise<Outcome<T>> {
  try {
    return await retryingDeadlocks(() =>
      ledger.db.transaction().execute(async (tx) => {
        await lockSlotsAndPeople(tx, lockSlots, withPeople, context.personKey);
        return inTransaction(tx, context, decide);
      }),
    );
  } catch (error) {
    if (error instanceof RefusedInTransaction) return refused(error.refusal);
    if (isWithoutBond(error)) return refused({ code: 'familyBondEnded' });
    throw error;
  }
}

/** The ledger let nothing be written in a person's name, because no bond of their family stands any more. */
export function isWithoutBond(error: unknown): boolean {
  return error instanceof DatabaseError && error.constraint === 'family_bond_stands';
}

/** Does `work` again when it fell to a deadlock or a serialisation failure: nothing of it was done then. */
export async function retryingDeadlocks<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof DatabaseError && retried.has(error.code ?? '') && attempt < attempts;
      if (!again) throw error;
      await pause(Math.random() * retryWithinMs * attempt);
    }
  }
}

/** Rolls the transaction back with a refusal. */
class RefusedInTransaction extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.code);
  }
}

async function lockSlotsAndPeople(
  tx: LedgerTx,
  slotIds: readonly number[],
  withPeople: readonly string[],
  personKey: string,
): Promise<void> {
  if (slotIds.length > 0) {
    await sql`select slot_id from slot where slot_id = any(${[...slotIds]}::bigint[])
      order by slot_id for no key update`.execute(tx);
  }
  if (withPeople.length > 0) {
    await sql`select person_key from person where person_key = any(${[...withPeople, personKey]}::uuid[])
      order by person_key for no key update`.execute(tx);
  }
}

async function inTransaction<T>(
  tx: LedgerTx,
  context: CommandContext,
  decide: (tx: LedgerTx, person: LockedPerson) => Promise<Decision<T>>,
): Promise<Outcome<T>> {
  const { person, answered } = await lockPerson<T>(tx, context);
  if (answered) return answered;
  const decision = await decide(tx, person);
  if ('refusal' in decision) throw new RefusedInTransaction(decision.refusal);
  if ('act' in decision) {
    if (person.stationKind && !mayActAt(person.stationKind, decision.act)) {
      throw new RefusedInTransaction({ code: 'stationTakesNothingBack' });
    }
    const { act, detail = {}, toldToRun = false } = decision;
    await recordChanges(tx, { ...context, lane: 'personal', toldToRun }, [context.personKey], act, detail);
  }
  if (context.idempotency) {
    await tx
      .insertInto('idempotent_answer')
      .values({
        person_key: context.personKey,
        idempotency_key: context.idempotency.key,
        request_hash: context.idempotency.requestHash,
        outcome: JSON.stringify(decision.outcome ?? null),
      })
      .execute();
  }
  return { ok: true, value: decision.outcome };
}

/** Why a station of that kind takes nothing back; undefined where it does, and in every session of one's own. */
export function whyNotTakenBack({ stationKind }: LockedPerson): Refusal | undefined {
  if (!stationKind || stationMay(stationKind, 'giveBack')) return undefined;
  return { code: 'stationTakesNothingBack' };
}

/**
 * Locks the person, and only then, in a second statement, asks for the time, the session and an earlier answer: while
 * the first waited, another transaction may have ended the session, answered the key or used up the time.
 */
async function lockPerson<T>(
  tx: LedgerTx,
  context: CommandContext,
): Promise<{ readonly person: LockedPerson; readonly answered?: Outcome<T> }> {
  const row = await tx
    .selectFrom('person')
    .select(['birth_date', 'priority_groups', 'version'])
    .where('person_key', '=', context.personKey)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!row) throw new RefusedInTransaction({ code: 'sessionRequired' });
  const { rows } = await sql<{
    now: Date;
    session_ended: boolean;
    request_hash: Buffer | null;
    outcome: unknown;
    station_kind: StationKind | null;
  }>`
    select ledger_now() as now, a.request_hash, a.outcome,
      (select st.kind from station_session b join station st using (station_id)
        where b.session_id = ${context.sessionId ?? null}::uuid) as station_kind,
      exists (select from ended_session e where e.session_id = ${context.sessionId ?? null}::uuid) as session_ended
    from (values (1)) one
    left join idempotent_answer a on a.person_key = ${context.personKey}::uuid
      and a.idempotency_key = ${context.idempotency?.key ?? null}
  `.execute(tx);
  const facts = rows[0];
  if (!facts || facts.session_ended) throw new RefusedInTransaction({ code: 'sessionEnded' });
  const person = {
    personKey: context.personKey,
    birthDate: row.birth_date,
    priorityGroups: row.priority_groups,
    version: row.version,
    now: facts.now.toISOString(),
    stationKind: facts.station_kind,
  };
  if (!facts.request_hash || !context.idempotency) return { person };
  if (!facts.request_hash.equals(context.idempotency.requestHash)) {
    return { person, answered: refused({ code: 'idempotencyKeyReused' }) };
  }
  return { person, answered: { ok: true, value: facts.outcome as T } };
}

/** Next version, audit row, mark for the relay and the instant of what is owed next. Call after the change is made. */
export async function recordChange(
  tx: LedgerTx,
  context: Pick<CommandContext, 'personKey' | 'actor' | 'channel'>,
  act: Act | AuditedAct,
  detail: Record<string, string | number>,
): Promise<void> {
  await recordChanges(tx, { ...context, lane: 'personal' }, [context.personKey], act, detail);
}

/**
 * The same for many people at once, as the steps of a whole round do it. What is owed next is worked out by the
 * domain from each one's snapshot: there is no second statement of those rules in SQL.
 */
export async function recordChanges(
  tx: LedgerTx,
  context: Pick<CommandContext, 'actor' | 'channel'> & {
    readonly lane: 'personal' | 'mass';
    /** The runs are told by whoever asks: nothing is left for the relay. */
    readonly toldToRun?: boolean;
  },
  personKeys: readonly string[],
  act: Act | AuditedAct,
  detail: Record<string, string | number>,
): Promise<void> {
  const { numAffectedRows } = await sql`
    with bumped as (
      update person set version = version + 1 where person_key = any(${[...personKeys]}::uuid[])
      returning person_key, version
    )
    insert into audit_entry (person_key, version, act, actor, channel, detail)
    select person_key, version, ${act}, ${context.actor}, ${context.channel}, ${JSON.stringify(detail)}::jsonb from bumped
  `.execute(tx);
  if (Number(numAffectedRows) !== new Set(personKeys).size)
    throw new Error('a change was recorded for an unknown person');
  const { now, snapshots } = await readSnapshotsAt(tx, personKeys);
  if (now === undefined) return;
  const { toldToRun = false } = context;
  const marks = [...snapshots].map(([personKey, snapshot]) => ({
    personKey,
    version: snapshot.version,
    nextDueAt: openObligations(personKey, snapshot, now)[0]?.dueAt ?? null,
    asleep: toldToRun && mayRest(personKey, snapshot, now),
  }));
  await sql`
    insert into citizen_outbox as o (person_key, version, sent_version, lane, next_due_at, asleep, trace_parent)
    select mark.person_key, mark.version, case when ${toldToRun} then mark.version else 0 end, ${context.lane},
      mark.next_due_at, mark.asleep, ${activeTraceParent()}::text
    from unnest(${marks.map(({ personKey }) => personKey)}::uuid[], ${marks.map(({ version }) => version)}::bigint[],
      ${marks.map(({ nextDueAt }) => nextDueAt)}::timestamptz[], ${marks.map(({ asleep }) => asleep)}::boolean[])
      as mark (person_key, version, next_due_at, asleep)
    on conflict (person_key) do update set version = excluded.version,
      lane = case when o.version > o.sent_version and o.lane = 'personal' then 'personal' else excluded.lane end,
      -- Who already waits for the relay keeps the place in the queue.
      changed_at = case when o.version > o.sent_version then o.changed_at else clock_timestamp() end,
      sent_version = greatest(o.sent_version, excluded.sent_version),
      next_due_at = excluded.next_due_at, asleep = excluded.asleep, pokes = 0, trace_parent = excluded.trace_parent
  `.execute(tx);
}

/** Sets a participation's stage by an act; the database refuses what the transition table does not name. */
export async function changeStage(
  tx: LedgerTx,
  personKey: string,
  roundId: string,
  act: Act,
  to: Stage,
): Promise<void> {
  await sql`
    update participation set stage = ${to}, last_act = ${act}, stage_since = ledger_now()
    where person_key = ${personKey}::uuid and round_id = ${roundId}
  `.execute(tx);
}
