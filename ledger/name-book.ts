/** Names of sites, vaccines and rounds, looked up for the codes that a batch of texts mentions. */
import { sql } from 'kysely';

import type { Name, NameBook, TextParameters, TextPurpose } from '../domain/text-message/templates';
import type { LedgerReader } from './database';

/** Reads the names of every `siteId`, `product` and `roundId` among the texts' parameters, in one statement. */
export async function readNameBook(
  db: LedgerReader,
  texts: readonly { readonly parameters: TextParameters[TextPurpose] }[],
): Promise<NameBook> {
  const siteIds = texts.flatMap(({ parameters: p }) => ('siteId' in p ? p.siteId : []));
  const products = texts.flatMap(({ parameters: p }) => ('product' in p ? p.product : []));
  const roundIds = texts.flatMap(({ parameters: p }) => ('roundId' in p ? p.roundId : []));
  const { rows } = await sql<{ kind: string; code: string; zh: string; en: string }>`
    select 'site' as kind, site_id as code, name_zh as zh, name_en as en from site
      where site_id = any(${[...new Set(siteIds)]}::text[])
    union all
    select 'product', product, name_zh, name_en from vaccine_product
      where product = any(${[...new Set(products)]}::text[])
    union all
    select 'round', round_id, name_zh, name_en from round
      where round_id = any(${[...new Set(roundIds)]}::text[])
  `.execute(db);
  const names = new Map(rows.map(({ kind, code, zh, en }) => [`${kind}/${code}`, { zh, en }]));
  const get = (kind: string, code: string): Name => {
    const name = names.get(`${kind}/${code}`);
    if (!name) throw new Error(`${kind} ${code} is not in the ledger`);
    return name;
  };
  return {
    site: (siteId) => get('site', siteId),
    product: (product) => get('product', product),
    round: (roundId) => get('round', roundId),
  };
}
