/** What booking batches hold for a moment instead of asking each time: the rules of rounds, and how sites are shown. */
import type { PoolClient } from 'pg';

import type { Round } from '../domain/round/round';
import type { SlotFacts } from './booking-facts';
import type { Ledger } from './database';
import { getRound } from './round';
import type { SiteView } from './site';
import { arrayOf } from './statement-arrays';

/** The rules of a round are read again when an import changed it, and after this long in any case. */
const roundFreshMs = 1_000;
/** Name and address of a site are only shown. */
const siteFreshMs = 10_000;

interface Held<T> {
  readonly value: T;
  readonly readAt: number;
}

const isFresh = (held: Held<unknown> | undefined, forMs: number): boolean =>
  held !== undefined && performance.now() - held.readAt < forMs;

const sitesStatement = {
  name: 'booking-sites',
  text: `
    select t.site_id as "siteId", t.name_zh as "nameZh", t.name_en as "nameEn", t.county_code as "countyCode",
      t.district_code as "districtCode", t.address_zh as "addressZh", t.address_en as "addressEn", t.phone,
      t.note_zh as "noteZh", t.note_en as "noteEn"
    from site t where t.site_id = any($1::text[])`,
};

export class HeldFacts {
  readonly #rounds = new Map<string, Held<Round> & { readonly changedAt: number }>();
  readonly #sites = new Map<string, Held<SiteView>>();

  constructor(private readonly ledger: Ledger) {}

  /** The rounds and the sites of these windows, by their ids. */
  async of(
    client: PoolClient,
    slots: readonly SlotFacts[],
  ): Promise<{ readonly rounds: ReadonlyMap<string, Round>; readonly sites: ReadonlyMap<string, SiteView> }> {
    const rounds = new Map<string, Round>();
    for (const { round_id, roundChangedAt } of slots) {
      if (!rounds.has(round_id)) rounds.set(round_id, await this.#round(round_id, roundChangedAt));
    }
    return { rounds, sites: await this.#sitesOf(client, [...new Set(slots.map(({ site_id }) => site_id))]) };
  }

  async #round(roundId: string, changedAt: number): Promise<Round> {
    const held = this.#rounds.get(roundId);
    if (held?.changedAt === changedAt && isFresh(held, roundFreshMs)) return held.value;
    const readAt = performance.now();
    const value = await getRound(this.ledger.db, roundId);
    this.#rounds.set(roundId, { value, readAt, changedAt });
    return value;
  }

  async #sitesOf(client: PoolClient, siteIds: readonly string[]): Promise<ReadonlyMap<string, SiteView>> {
    const stale = siteIds.filter((siteId) => !isFresh(this.#sites.get(siteId), siteFreshMs));
    if (stale.length > 0) {
      const readAt = performance.now();
      const { rows } = await client.query<SiteView>({ ...sitesStatement, values: [arrayOf(stale)] });
      for (const value of rows) this.#sites.set(value.siteId, { value, readAt });
    }
    return new Map(
      siteIds.flatMap((siteId) => {
        const held = this.#sites.get(siteId);
        return held ? [[siteId, held.value] as const] : [];
      }),
    );
  }
}
