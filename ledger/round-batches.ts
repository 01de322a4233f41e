/** How a step of a whole round goes through its people: some at a time, each batch whole or not at all. */
import { sql } from 'kysely';

import type { Instant } from '../domain/civil-time/plain-date';
import type { Act } from '../domain/lifecycle/transitions';
import { recordChanges } from './citizen-command';
import type { Ledger, LedgerTx } from './database';

/** What a step of a round comes to; `notDue`: the ledger's clock has not come so far. */
export type RoundStepResult =
  | { readonly answer: 'done'; readonly touched: number }
  | { readonly answer: 'notDue'; readonly until: Instant };

export interface BatchOptions {
  /** People in one transaction. */
  readonly batch?: number;
  /** Called after each batch, with how many people are done: for heartbeats. May throw to stop. */
  readonly onProgress?: (touched: number) => void;
}

/** A thousand people take some hundred milliseconds: no citizen waits long behind a step that holds them. */
const defaultBatch = 1_000;

/** One kind of step: who is concerned, what is done to them, and how it is recorded. */
export interface RoundStepPlan {
  readonly act: Act;
  readonly roundId: string;
  /**
   * Keys of up to `limit` people still concerned: the next after `after`, in order of key, so that those whom the step
   * passes over are looked at once and not by every batch.
   */
  candidates(tx: LedgerTx, limit: number, after: string): Promise<readonly string[]>;
  /**
   * Does the step to those of `keys` (locked by now) who are still concerned, in statements that check again. Answers
   * whom the engine has to hear of; anyone else concerned is recorded by the step itself.
   */
  apply(tx: LedgerTx, keys: readonly string[]): Promise<readonly string[]>;
}

/**
 * Takes a step for everyone concerned. Killed at any point and called again, it goes on where the last batch ended.
 * People are locked by key before anything of theirs, as citizens' own commands do, so neither waits in a circle.
 */
export async function takeInBatches(
  ledger: Ledger,
  plan: RoundStepPlan,
  { batch = defaultBatch, onProgress }: BatchOptions,
): Promise<number> {
  let touched = 0;
  let inThisPass = 0;
  let after = beforeAnyone;
  for (;;) {
    const keys = await ledger.db.transaction().execute((tx) => takeBatch(tx, plan, batch, after));
    const last = keys.at(-1);
    if (last !== undefined) {
      after = last;
      inThisPass += keys.length;
      touched += keys.length;
      onProgress?.(touched);
    } else if (inThisPass > 0) {
      // Someone may have come to be concerned behind the place where the pass was.
      after = beforeAnyone;
      inThisPass = 0;
    } else {
      return touched;
    }
  }
}

/** A key before everyone's. */
const beforeAnyone = '00000000-0000-0000-0000-000000000000';

async function takeBatch(
  tx: LedgerTx,
  plan: RoundStepPlan,
  batch: number,
  after: string,
): Promise<readonly string[]> {
  const keys = await plan.candidates(tx, batch, after);
  if (keys.length === 0) return keys;
  await sql`select from person where person_key = any(${[...keys]}::uuid[]) order by person_key for no key update`.execute(
    tx,
  );
  const changed = await plan.apply(tx, keys);
  if (changed.length > 0) {
    const context = { actor: 'system', channel: 'round-workflow', lane: 'mass' } as const;
    await recordChanges(tx, context, changed, plan.act, { roundId: plan.roundId });
  }
  return keys;
}

/** The keys of rows that name people. */
export const keysOf = (rows: readonly { person_key: string }[]): string[] =>
  rows.map(({ person_key }) => person_key);
