/**
 * One citizen's act as one transaction: slots locked, then the person, then the decision, and with the change the
 * person's next version, the audit row, the mark for the relay and the idempotent answer.
 */
import { sql } from 'kysely';
import { DatabaseError } from 'pg';

import { openObligations } from '../domain/lifecycle/obligations';
import type { Act, Stage } from '../domain/lifecycle/transitions';
import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { refused, type Outcome, type Refusal } from '../domain/refusal/refusals';
import { ledgerNow } from './clock';
import type { Ledger, LedgerTx } from './database';
import { readSnapshots } from './snapshot';

export type Actor = 'citizen' | 'station' | 'staff' | 'workflow' | 'system';

/** Who does it, by which door, and under which idempotency key. */
export interface CommandContext {
  readonly personKey: string;
  readonly actor: Actor;
  /** The way in: `web`, `api`, `station`, `citizen-workflow`, … */
  readonly channel: string;
  /** The session that acts; a command of an ended session is refused inside its own transaction. */
  readonly sessionId?: string;
  readonly idempotency?: { readonly key: string; readonly requestHash: Buffer };
}

/** The person as locked by the transaction. */
export interface LockedPerson {
  readonly personKey: string;
  readonly birthDate: PlainDate;
  readonly priorityGroups: readonly number[];
  readonly version: number;
  readonly now: Instant;
}

/** What a decision comes to: a refusal (nothing is written) or an outcome, with the act where something changed. */
export type Decision<T> =
  | { readonly refusal: Refusal }
  | { readonly outcome: T; readonly act: Act | AuditedAct; readonly detail?: Record<string, string | number> }
  /** Accepted without a change: asked for what already is so. */
  | { readonly outcome: T };

/** Acts beyond the lifecycle that a person's history keeps. */
export type AuditedAct = 'identify' | 'meetObligation' | 'recordDose';

const attempts = 4;
const retried = new Set(['40P01', '40001']);

/**
 * Runs `decide` with the person locked. `lockSlots` are locked first, in order of id: every command keeps this order,
 * so that they cannot wait for each other in a circle. Deadlocks and serialisation failures are tried again.
 */
export async function citizenCommand<T>(
  ledger: Ledger,
  context: CommandContext,
  lockSlots: readonly number[],
  decide: (tx: LedgerTx, person: LockedPerson) => Promise<Decision<T>>,
): Promise<Outcome<T>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ledger.db.transaction().execute((tx) => inTransaction(tx, context, lockSlots, decide));
    } catch (error) {
      if (error instanceof RefusedInTransaction) return refused(error.refusal);
      const again = error instanceof DatabaseError && retried.has(error.code ?? '') && attempt < attempts;
      if (!again) throw error;
    }
  }
}

/** Rolls the transaction back with a refusal. */
class RefusedInTransaction extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.code);
  }
}

async function inTransaction<T>(
  tx: LedgerTx,
  context: CommandContext,
  lockSlots: readonly number[],
  decide: (tx: LedgerTx, person: LockedPerson) => Promise<Decision<T>>,
): Promise<Outcome<T>> {
  if (lockSlots.length > 0) {
    await sql`select slot_id from slot where slot_id = any(${[...lockSlots]}::bigint[])
      order by slot_id for no key update`.execute(tx);
  }
  const person = await lockPerson(tx, context);
  const answered = await earlierAnswer<T>(tx, context);
  if (answered) return answered;
  const decision = await decide(tx, person);
  if ('refusal' in decision) throw new RefusedInTransaction(decision.refusal);
  if ('act' in decision) await recordChange(tx, context, decision.act, decision.detail ?? {});
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

async function lockPerson(tx: LedgerTx, context: CommandContext): Promise<LockedPerson> {
  const { rows } = await sql<{
    birth_date: PlainDate;
    priority_groups: number[];
    version: number;
    now: Date;
    session_ended: boolean;
  }>`
    select birth_date, priority_groups, version, ledger_now() as now,
      exists (select from ended_session e where e.session_id = ${context.sessionId ?? null}::uuid) as session_ended
    from person where person_key = ${context.personKey}::uuid for no key update
  `.execute(tx);
  const row = rows[0];
  if (!row) throw new RefusedInTransaction({ code: 'sessionRequired' });
  if (row.session_ended) throw new RefusedInTransaction({ code: 'sessionEnded' });
  return {
    personKey: context.personKey,
    birthDate: row.birth_date,
    priorityGroups: row.priority_groups,
    version: row.version,
    now: row.now.toISOString(),
  };
}

async function earlierAnswer<T>(tx: LedgerTx, context: CommandContext): Promise<Outcome<T> | undefined> {
  if (!context.idempotency) return undefined;
  const row = await tx
    .selectFrom('idempotent_answer')
    .select(['request_hash', 'outcome'])
    .where('person_key', '=', context.personKey)
    .where('idempotency_key', '=', context.idempotency.key)
    .executeTakeFirst();
  if (!row) return undefined;
  if (!row.request_hash.equals(context.idempotency.requestHash)) return refused({ code: 'idempotencyKeyReused' });
  return { ok: true, value: row.outcome as T };
}

/** Next version, audit row, mark for the relay and the instant of what is owed next. Call after the change is made. */
export async function recordChange(
  tx: LedgerTx,
  context: Pick<CommandContext, 'personKey' | 'actor' | 'channel'>,
  act: Act | AuditedAct,
  detail: Record<string, string | number>,
): Promise<void> {
  const { rows } = await sql<{ version: number }>`
    update person set version = version + 1 where person_key = ${context.personKey}::uuid returning version
  `.execute(tx);
  const version = rows[0]?.version ?? 0;
  await tx
    .insertInto('audit_entry')
    .values({
      person_key: context.personKey,
      version,
      act,
      actor: context.actor,
      channel: context.channel,
      detail: JSON.stringify(detail),
    })
    .execute();
  const snapshot = (await readSnapshots(tx, [context.personKey])).get(context.personKey);
  const now = await ledgerNow(tx);
  const nextDueAt = snapshot ? (openObligations(context.personKey, snapshot, now)[0]?.dueAt ?? null) : null;
  await sql`
    insert into citizen_outbox (person_key, version, lane, next_due_at)
    values (${context.personKey}::uuid, ${version}, 'personal', ${nextDueAt}::timestamptz)
    on conflict (person_key) do update set version = excluded.version, lane = 'personal',
      changed_at = clock_timestamp(), next_due_at = excluded.next_due_at, asleep = false, pokes = 0
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
