/** Sites and windows for those who look around: the ledger is asked for each list once a second, however many look. */
import fp from 'fastify-plugin';

import {
  earliestNearest,
  findSite,
  sitesIn,
  slotsOf,
  type NearbySlot,
  type SiteView,
  type SiteWithPlaces,
  type SlotView,
} from '../../ledger/site';
import type { LedgerDb } from '../../ledger/database';
import { freshReadings, type Fresh } from '../fresh-readings';

type Read<Wish, Value> = (wish: Wish) => Promise<Fresh<Value>>;

/** Counts are at most a second old; whoever then books is answered by the ledger itself. */
export interface Places {
  readonly site: Read<{ readonly siteId: string }, SiteView | undefined>;
  readonly sitesIn: Read<Parameters<typeof sitesIn>[1], readonly SiteWithPlaces[]>;
  readonly slotsOf: Read<{ readonly siteId: string } & Parameters<typeof slotsOf>[2], readonly SlotView[]>;
  readonly earliestNearest: Read<Parameters<typeof earliestNearest>[1], readonly NearbySlot[]>;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly places: Places;
  }
}

/** Rows held at most by each kind of list: some 30 MB. */
const mostRows = 100_000;
const rows = { mostHeld: mostRows, sizeOf: (list: readonly unknown[]): number => list.length };

export const placesPlugin = fp(
  async (app) => {
    app.decorate('places', placesOf(app.ledger.db));
  },
  { name: 'places', dependencies: ['ledger'] },
);

function placesOf(db: LedgerDb): Places {
  return {
    site: freshReadings(({ siteId }) => findSite(db, siteId), { mostHeld: mostRows, sizeOf: () => 1 }),
    sitesIn: freshReadings((place) => sitesIn(db, place), rows),
    slotsOf: freshReadings(({ siteId, ...offer }) => slotsOf(db, siteId, offer), rows),
    earliestNearest: freshReadings((wish) => earliestNearest(db, wish), rows),
  };
}
