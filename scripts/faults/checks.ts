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
  /** True when everything has had its time: a text that has not come then never will. */
  readonly textsSettled: boolean;
}

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
  { inbox, textsSettled }: Pick<Outside, 'inbox' | 'textsSettled'>,
): Promise<readonly string[]> {
  const { rows } = await sql<{ text_message_id: string; purpose: string; status: string }>`
    select text_message_id, purpose, status from text_message where status <> 'held'
  `.execute(db);
  const known = new Set(rows.map(({ text_message_id }) => text_message_id));
  const wrong = rows.flatMap(({ text_message_id, purpose, status }) => {
    const times = inbox.get(text_message_id) ?? 0;
    const due = textsSettled || status === 'accepted' || status === 'delivered';
    return times > 1 || (due && times === 0)
      ? [`${purpose} ${text_message_id} (${status}) came ${String(times)} times`]
      : [];
  });
  const strange = [...inbox.keys()].filter((id) => !known.has(id));
  return [...wrong, ...strange.map((id) => `the text ${id} came and is not in the ledger`)];
}
