/** All invariants at once, asked of the ledger, of the phones and of the clients' own record. */
import { sql } from 'kysely';

import type { LedgerReader } from '../../ledger/database';
import type { Breach } from './fault';
import { doubled, overCapacity, wrongCounts } from './invariants';
import { breachesOfRecord, type RecordedAct } from './record';

/** What the ledger's answers are compared with. */
export interface Outside {
  readonly acts: readonly RecordedAct[];
  /** How often a phone received the text of that id. */
  readonly inbox: ReadonlyMap<string, number>;
  /** The gateway's own ids of texts that phones received without one of ours, from a sender whose gateway knows none. */
  readonly unreferenced: ReadonlySet<string>;
  /** Ids of texts to numbers that the gateway was told to refuse: these must not come. */
  readonly refused: ReadonlySet<string>;
  /** True when everything has had its time: a text that has not come then never will. */
  readonly textsSettled: boolean;
}

/** What is known of texts outside the ledger. */
export type TextKnowledge = 'inbox' | 'unreferenced' | 'refused';

/** Everything that is broken now. */
export async function breachesIn(db: LedgerReader, outside: Outside): Promise<readonly Breach[]> {
  const named = (invariant: Breach['invariant'], sentences: readonly string[]): Breach[] =>
    sentences.map((sentence) => ({ invariant, sentence }));
  return [
    ...named('I1', await overCapacity(db)),
    ...named('I2', await doubled(db)),
    ...(await breachesOfRecord(db, outside.acts)),
    ...unanswered(outside.acts),
    ...named('I4', await wrongCounts(db)),
    ...named('I5', await textsAstray(db, outside)),
  ];
}

/** An outcome that stayed unknown although everything is well again was never resolved. */
function unanswered(acts: readonly RecordedAct[]): Breach[] {
  return acts
    .filter(({ outcome }) => outcome.kind === 'unknown')
    .map(({ act, key }) => ({ invariant: 'I8', sentence: `${act} under ${key} was never answered` }));
}

/** Texts that came twice, that came unknown, or that are said to have been accepted and did not come. */
async function textsAstray(
  db: LedgerReader,
  { inbox, unreferenced, refused, textsSettled }: Pick<Outside, TextKnowledge | 'textsSettled'>,
): Promise<readonly string[]> {
  const { rows } = await sql<{
    text_message_id: string;
    purpose: string;
    status: string;
    gateway_message_id: string | null;
    repeats: number;
  }>`
    select text_message_id, purpose, status, gateway_message_id, repeats from text_message where status <> 'held'
  `.execute(db);
  const known = new Set(rows.map(({ text_message_id }) => text_message_id));
  const wrong = rows.flatMap(({ text_message_id, purpose, status, gateway_message_id }) => {
    const times =
      (inbox.get(text_message_id) ?? 0) +
      (gateway_message_id !== null && unreferenced.has(gateway_message_id) ? 1 : 0);
    const wasRefused = status === 'rejected' && refused.has(text_message_id);
    const due = !wasRefused && (textsSettled || status === 'accepted' || status === 'delivered');
    return times > (wasRefused ? 0 : 1) || (due && times === 0)
      ? [`${purpose} ${text_message_id} (${status}) came ${String(times)} times`]
      : [];
  });
  const strange = [...inbox.keys()].filter((id) => !known.has(id));
  const accepted = new Set(rows.map(({ gateway_message_id }) => gateway_message_id));
  const repeated = [...unreferenced].filter((id) => !accepted.has(id)).length;
  const counted = rows.reduce((sum, { repeats }) => sum + repeats, 0);
  return [
    ...wrong,
    ...strange.map((id) => `the text ${id} came and is not in the ledger`),
    ...(repeated > counted
      ? [`${String(repeated)} texts came once more, and only ${String(counted)} were counted`]
      : []),
  ];
}
