/** The export of a settlement: the signed record, then every candidate and result, as text that a stream writes. */
import type { LedgerReader } from './database';
import { evidenceBlocks } from './settlement-evidence';
import { findSignedRecord } from './settlement-record';

/**
 * First a line of JSON with `record` and `signature`, then a line each: `c,` with a candidate, `r,` with a result, block
 * by block (see `settlement-evidence.ts`). Neither names nor numbers are in it, but birth dates are: it is for those who
 * audit. `undefined` for a round that was not settled, or before settlements were signed.
 */
export async function findSettlementExport(
  db: LedgerReader,
  roundId: string,
): Promise<AsyncGenerator<string> | undefined> {
  const signed = await findSignedRecord(db, roundId);
  return signed && linesOf(db, roundId, JSON.stringify(signed));
}

async function* linesOf(db: LedgerReader, roundId: string, head: string): AsyncGenerator<string> {
  yield `${head}\n`;
  for await (const { candidates, results } of evidenceBlocks(db, roundId)) {
    yield candidates.replace(/^(?=.)/gm, 'c,');
    if (results !== '') yield results.replace(/^(?=.)/gm, 'r,');
  }
}
