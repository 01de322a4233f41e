/**
 * What a settlement was decided from and what it came to, kept as it was: lines of candidates and of results in blocks
 * (`settlement_evidence`), a digest over each, and the export that streams them.
 *
 * Digest of a kind of lines: SHA-256 over the text `county,block,digest` of every block, a line each, where the block's
 * digest is the SHA-256 over its lines, each with its newline. So it is worked out in parallel and checked in a stream.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';

import { parseCandidateLine, parseResultLine, type ResultLine } from '../domain/settlement/evidence';
import type { CandidateFacts } from '../domain/settlement/eligibility';
import type { LedgerReader, LedgerTx } from './database';
import { lotBytes } from './settlement-ranking';

/**
 * The lot that orders people of the same group and birth date: half a hash over the round and the random person key.
 * It favours nobody, differs from round to round, anyone with the data can work it out again, and nobody can work out
 * the person from it.
 */
export function lotOf(roundId: string, personKey: string): string {
  return createHash('sha256')
    .update(`${roundId}/${personKey}`)
    .digest('hex')
    .slice(0, 2 * lotBytes);
}

export interface EvidenceDigests {
  readonly candidates: string;
  readonly results: string;
}

/** Keeps candidates and results of the ranking in this transaction. The lines are those of `domain/settlement/evidence.ts`. */
export async function keepEvidence(tx: LedgerTx, roundId: string): Promise<EvidenceDigests> {
  await sql`
    insert into settlement_evidence (round_id, county_code, block, candidates, results)
    select ${roundId}, c.county_code, c.block, c.lines, coalesce(x.lines, '')
    from (
      select county_code, get_byte(lot, 0) as block, string_agg(concat_ws(',', encode(lot, 'hex'), county_code,
          priority_group, birth_date, array_to_string(products, '+'), array_to_string(waited_for, '+'),
          coalesce(last_number || ':' || last_product || ':' || last_given_on, ''),
          case when mixed_intent then 'm' else '' end, array_to_string(consents, '+')) || E'\n', '' order by lot) as lines
      from settlement_candidate group by get_byte(lot, 0), county_code
    ) c left join (
      select county_code, get_byte(lot, 0) as block,
        string_agg(concat_ws(',', encode(lot, 'hex'), product, rank) || E'\n', '' order by lot) as lines
      from settlement_chosen group by get_byte(lot, 0), county_code
    ) x using (county_code, block)
  `.execute(tx);
  const { rows } = await sql<{ candidates: string; results: string }>`
    with block as (
      select county_code || ',' || block || ',' as name, candidates, results,
        row_number() over (order by county_code collate "C", block) as place
      from settlement_evidence where round_id = ${roundId}
    )
    select
      encode(sha256(convert_to(coalesce(string_agg(name ||
        encode(sha256(convert_to(candidates, 'UTF8')), 'hex') || E'\n', '' order by place), ''), 'UTF8')), 'hex') as candidates,
      encode(sha256(convert_to(coalesce(string_agg(name ||
        encode(sha256(convert_to(results, 'UTF8')), 'hex') || E'\n', '' order by place), ''), 'UTF8')), 'hex') as results
    from block
  `.execute(tx);
  const [digests] = rows;
  if (!digests) throw new Error('an aggregate without GROUP BY has one row');
  return digests;
}

/** One block of the evidence, as it was kept. */
export interface EvidenceBlock {
  readonly countyCode: string;
  readonly block: number;
  readonly candidates: string;
  readonly results: string;
}

/** The blocks in the order of the export, some at a time. */
export async function* evidenceBlocks(db: LedgerReader, roundId: string): AsyncGenerator<EvidenceBlock> {
  let after = { countyCode: '', block: -1 };
  for (;;) {
    const { rows } = await sql<EvidenceBlock>`
      select county_code as "countyCode", block, candidates, results from settlement_evidence
      where round_id = ${roundId}
        and (county_code collate "C", block) > (${after.countyCode}::text collate "C", ${after.block}::smallint)
      order by county_code collate "C", block limit ${blocksAtATime}
    `.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    yield* rows;
    after = last;
  }
}

/** A county's block has some kilobytes, in a settlement of the whole country some hundred. */
const blocksAtATime = 16;

/** What a settlement went by for one person, and what it gave them; `undefined` for who was not in it. */
export async function findEvidenceOf(
  db: LedgerReader,
  roundId: string,
  person: { readonly personKey: string; readonly countyCode: string },
): Promise<{ readonly facts: CandidateFacts; readonly result: ResultLine | null } | undefined> {
  const lot = lotOf(roundId, person.personKey);
  const { rows } = await sql<{ candidate: string | null; result: string | null }>`
    select substring(candidates from ${`(?n)^${lot}.*$`}) as candidate,
      substring(results from ${`(?n)^${lot}.*$`}) as result
    from settlement_evidence
    where round_id = ${roundId} and county_code = ${person.countyCode} and block = ${parseInt(lot.slice(0, 2), 16)}
  `.execute(db);
  const [row] = rows;
  if (!row?.candidate) return undefined;
  return {
    facts: parseCandidateLine(row.candidate),
    result: row.result === null ? null : parseResultLine(row.result),
  };
}
