/** Looking for a place as a citizen does: the earliest around a district, then the site and its windows. */
import { setTimeout as pause } from 'node:timers/promises';

import { addDays, taipeiDateOf, taipeiInstant } from '../../domain/civil-time/plain-date';
import { expectThat, type OfferedSlot, type Way } from './way';

interface NearbyPlace extends OfferedSlot {
  readonly siteId: string;
  readonly districtCode: string;
}

/** Two free windows of one site, the earlier one first. */
export interface TwoWindows {
  readonly siteId: string;
  readonly siteNameZh: string;
  readonly windows: readonly [OfferedSlot, OfferedSlot];
}

/**
 * Finds a site around the district with two free windows from the day after tomorrow on: whoever books for tomorrow
 * gets no reminder, since they have just read place and time.
 */
export async function findTwoWindows(way: Way, districtCode: string): Promise<TwoWindows> {
  const offer = `product=${way.know('product')}&roundId=${way.know('roundId')}`;
  const from = addDays(taipeiDateOf(await way.instance.now()), 2);
  const { slots: nearby } = await way.client.must<{ slots: NearbyPlace[] }>(
    'GET',
    `/v1/slots/earliest?districtCode=${districtCode}&${offer}&from=${from}&limit=20`,
  );
  expectThat(nearby.length > 0, 'there are free windows around the district');
  for (const place of nearby) {
    const { sites } = await way.client.must<{ sites: { siteId: string; nameZh: string }[] }>(
      'GET',
      `/v1/sites?districtCode=${place.districtCode}&${offer}`,
    );
    const site = sites.find(({ siteId }) => siteId === place.siteId);
    expectThat(site !== undefined, 'the site of a free window is listed in its district');
    const windows = (await windowsOf(way, place.siteId)).filter(
      ({ startsAt, left }) => left > 0 && Date.parse(startsAt) >= Date.parse(taipeiInstant(from, 0)),
    );
    const [first, second] = windows;
    if (first && second) return { siteId: site.siteId, siteNameZh: site.nameZh, windows: [first, second] };
  }
  throw new Error('no site around the district has two free windows');
}

/** Places left in a window of the site found, as anybody reads them. */
export async function placesLeft(way: Way, slotId: number): Promise<number> {
  const slot = (await windowsOf(way, way.know('siteId'))).find((candidate) => candidate.slotId === slotId);
  expectThat(slot !== undefined, 'the window is listed among those of its site');
  return slot.left;
}

/** Counts are read at most a second old, and each part of the way may be slow. */
const freshWithinMs = 5_000;
const lookAgainMs = 100;

/** The same once it shows so many, which it does within a second of what changed it; what it shows in the end otherwise. */
export async function placesLeftAfter(way: Way, slotId: number, expected: number): Promise<number> {
  const deadline = Date.now() + freshWithinMs;
  for (;;) {
    const left = await placesLeft(way, slotId);
    if (left === expected || Date.now() > deadline) return left;
    await pause(lookAgainMs);
  }
}

async function windowsOf(way: Way, siteId: string): Promise<readonly OfferedSlot[]> {
  const path = `/v1/sites/${siteId}/slots?product=${way.know('product')}&roundId=${way.know('roundId')}`;
  return (await way.client.must<{ slots: OfferedSlot[] }>('GET', path)).slots;
}
