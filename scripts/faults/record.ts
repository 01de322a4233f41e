/**
 * What the clients themselves know: every act that they asked for, under which key, and what they were told. It is
 * the other side of the ledger, kept outside of it, and the only thing that "acknowledged" is measured by.
 */
import { sql } from 'kysely';

import type { LedgerReader } from '../../ledger/database';

export type ClientAct = 'register' | 'withdraw' | 'book' | 'move' | 'cancel';

/** What became of an act, as far as its client can tell. */
export type ActOutcome =
  | { readonly kind: 'acknowledged'; readonly number: string }
  /** `doubtful`: the answer to an earlier try was lost, and that try may still be done. */
  | { readonly kind: 'refused'; readonly code: string; readonly doubtful: boolean }
  /** No try was answered. */
  | { readonly kind: 'unknown' };

/** One act; repeated tries under the same key are one act. */
export interface RecordedAct {
  readonly client: number;
  readonly personKey: string;
  readonly act: ClientAct;
  readonly key: string;
  /** The window wished for (`book`, `move`) or given back (`cancel`). */
  readonly slotId?: number;
  /** The window left by a `move`. */
  readonly fromSlotId?: number;
  /** The appointment that is moved or cancelled. */
  readonly number?: string;
  /** Milliseconds of the clients' one clock. */
  readonly calledAt: number;
  returnedAt: number;
  outcome: ActOutcome;
  /** Tries that were made, and answers that were lost on the way. */
  tries: number;
  lost: number;
}

/** What was seen that must never be seen, as it happened. */
export interface SeenBreach {
  readonly invariant: 'I7' | 'I8';
  readonly sentence: string;
}

export class ClientRecord {
  readonly acts: RecordedAct[] = [];
  readonly breaches: SeenBreach[] = [];
  /** Repetitions of an acknowledged request under its own key. */
  repeated = 0;
  /** Answers that told of a fault of ours instead of an outage. */
  internalErrors = 0;

  /** How many acts of each kind of outcome there are, from the act of that place on. */
  counts(from = 0): { readonly acknowledged: number; readonly refused: number; readonly unknown: number } {
    const counted = { acknowledged: 0, refused: 0, unknown: 0 };
    for (const { outcome } of this.acts.slice(from)) counted[outcome.kind] += 1;
    return counted;
  }

  /** Answers that were lost, from the act of that place on. */
  lostAnswers(from = 0): number {
    return this.acts.slice(from).reduce((sum, { lost }) => sum + lost, 0);
  }
}

/** An act as the ledger's own history tells it. */
interface HistoryRow {
  readonly person_key: string;
  readonly act: string;
  readonly appointment_number: string | null;
  readonly registration_number: string | null;
  readonly slot_id: number | null;
}

/** Acts of the history that clients of a fault run ask for; a registration's change is asked for as `register`. */
const clientActs: Readonly<Record<string, ClientAct>> = {
  register: 'register',
  change: 'register',
  withdraw: 'withdraw',
  book: 'book',
  move: 'move',
  cancel: 'cancel',
};

/**
 * Compares the record with the ledger: everything acknowledged was done once (I3), nothing was done twice under one
 * key or without being asked for (I8), and each person stands as after the last thing that was done.
 */
export async function breachesOfRecord(
  db: LedgerReader,
  acts: readonly RecordedAct[],
): Promise<readonly { readonly invariant: 'I3' | 'I8'; readonly sentence: string }[]> {
  const people = [...new Set(acts.map(({ personKey }) => personKey))];
  const { rows: history } = await sql<HistoryRow>`
    select person_key, act, detail ->> 'appointmentNumber' as appointment_number,
      detail ->> 'registrationNumber' as registration_number, (detail ->> 'slotId')::bigint as slot_id
    from audit_entry
    where person_key = any(${people}::uuid[]) and act = any(${Object.keys(clientActs)}::text[])
    order by person_key, version
  `.execute(db);
  const told = people.flatMap((personKey) =>
    unexplained(
      acts.filter((act) => act.personKey === personKey),
      history.filter((row) => row.person_key === personKey),
    ),
  );
  return [...told, ...(await notAsHistoryEnds(db, people, history))];
}

function unexplained(
  acts: readonly RecordedAct[],
  history: readonly HistoryRow[],
): readonly { readonly invariant: 'I3' | 'I8'; readonly sentence: string }[] {
  const left = [...history];
  const take = (fits: (row: HistoryRow) => boolean): boolean => {
    const at = left.findIndex(fits);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  };
  const lost = acts.flatMap((act) => {
    if (act.outcome.kind !== 'acknowledged') return [];
    const { number } = act.outcome;
    const there = take((row) => meansAct(row, act) && numberOf(row) === number);
    return there
      ? []
      : [{ invariant: 'I3' as const, sentence: `${act.act} ${number} was acknowledged and is not there` }];
  });
  for (const act of acts) {
    const mayBeThere =
      act.outcome.kind === 'unknown' || (act.outcome.kind === 'refused' && act.outcome.doubtful);
    if (mayBeThere) take((row) => meansAct(row, act));
  }
  return [
    ...lost,
    ...left.map((row) => ({
      invariant: 'I8' as const,
      sentence: `${row.act} ${numberOf(row) ?? ''} was done more often than asked for`,
    })),
  ];
}

function meansAct(row: HistoryRow, { act, slotId, number }: RecordedAct): boolean {
  if (clientActs[row.act] !== act) return false;
  if ((act === 'book' || act === 'move') && row.slot_id !== slotId) return false;
  return number === undefined || row.appointment_number === number;
}

function numberOf(row: HistoryRow): string | null {
  return row.appointment_number ?? row.registration_number;
}

/** Each appointment is as after the last act on it, and where there was none there is no appointment. */
async function notAsHistoryEnds(
  db: LedgerReader,
  people: readonly string[],
  history: readonly HistoryRow[],
): Promise<readonly { readonly invariant: 'I3'; readonly sentence: string }[]> {
  const last = new Map<string, HistoryRow>();
  for (const row of history) if (row.appointment_number !== null) last.set(row.appointment_number, row);
  const { rows } = await sql<{ appointment_number: string; status: string; slot_id: number }>`
    select appointment_number, status, slot_id from appointment where person_key = any(${[...people]}::uuid[])
  `.execute(db);
  const there = new Map(rows.map((row) => [row.appointment_number, row]));
  const sentences = [...last].flatMap(([number, { act, slot_id }]) => {
    const row = there.get(number);
    if (!row) return [`appointment ${number} is gone after ${act}`];
    const wanted = act === 'cancel' ? 'cancelled' : 'booked';
    return row.status === wanted && row.slot_id === slot_id
      ? []
      : [`appointment ${number} is not as after ${act}`];
  });
  const unasked = rows
    .filter((row) => !last.has(row.appointment_number))
    .map((row) => `appointment ${row.appointment_number} has no history`);
  return [...sentences, ...unasked].map((sentence) => ({ invariant: 'I3' as const, sentence }));
}
