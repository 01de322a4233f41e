/** Whom a wave of invitations would reach: its condition in SQL, and the preview that operations see before they start it. */
import { sql, type RawBuilder } from 'kysely';

import { renderText, type TextParameters } from '../domain/text-message/templates';
import type { Ledger } from './database';
import { readNameBook } from './name-book';

/** Held invitation texts of one round, all of them or those of a product and of some counties. */
export interface WaveAudience {
  readonly roundId: string;
  readonly product: string | null;
  readonly countyCodes: readonly string[] | null;
}

/** True in SQL for rows `t` of `text_message` that a wave for this audience may take as its own. */
export function heldFor({ roundId, product, countyCodes }: WaveAudience): RawBuilder<boolean> {
  const inCounties =
    countyCodes === null
      ? sql`true`
      : sql`exists (select from registration r where r.person_key = t.person_key and r.round_id = ${roundId}
          and r.withdrawn_at is null and r.county_code = any(${[...countyCodes]}::text[]))`;
  return sql<boolean>`
    t.status = 'held' and t.wave_id is null and t.purpose = 'invitation'
    and t.parameters ->> 'roundId' = ${roundId}
    and (${product}::text is null or t.parameters ->> 'product' = ${product}) and ${inCounties}
  `;
}

/** What would go out, and how it would read. */
export interface WavePreview {
  readonly texts: number;
  readonly byProduct: readonly { readonly product: string; readonly texts: number }[];
  readonly byCounty: readonly { readonly countyCode: string; readonly texts: number }[];
  /** One for each product and booking window, with nobody's digits in it. */
  readonly samples: readonly { readonly texts: number; readonly zh: string; readonly en: string }[];
}

/** Stands where a text shows the last three digits of the mobile. */
const maskedDigits = '＊＊＊';

/** Counts the audience and renders a sample of each kind of text; nothing of any person is opened for it. */
export async function previewWave(ledger: Ledger, audience: WaveAudience): Promise<WavePreview> {
  const { rows } = await sql<{
    county_code: string | null;
    parameters: TextParameters['invitation'];
    texts: number;
  }>`
    select r.county_code, t.parameters, count(*) as texts
    from text_message t
    left join registration r on r.person_key = t.person_key and r.round_id = ${audience.roundId}
      and r.withdrawn_at is null
    where ${heldFor(audience)}
    group by r.county_code, t.parameters
  `.execute(ledger.db);
  const names = await readNameBook(ledger.db, rows);
  const kinds = summedBy(rows, ({ parameters }) => JSON.stringify(parameters));
  return {
    texts: rows.reduce((sum, { texts }) => sum + texts, 0),
    byProduct: summedBy(rows, ({ parameters }) => parameters.product).map(([product, texts]) => ({
      product,
      texts,
    })),
    byCounty: summedBy(rows, ({ county_code }) => county_code ?? '').map(([countyCode, texts]) => ({
      countyCode,
      texts,
    })),
    samples: kinds.map(([kind, texts]) => {
      const parameters = JSON.parse(kind) as TextParameters['invitation'];
      const text = (language: 'zh' | 'en') =>
        renderText('invitation', parameters, { mobileLastThree: maskedDigits, language, names });
      return { texts, zh: text('zh'), en: text('en') };
    }),
  };
}

/** Sums by a key, the largest first. */
function summedBy<T extends { readonly texts: number }>(
  rows: readonly T[],
  keyOf: (row: T) => string,
): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(keyOf(row), (sums.get(keyOf(row)) ?? 0) + row.texts);
  return [...sums].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}
