/**
 * Finding a place and time: county → district → site → window, with the earliest and nearest free ones beside it.
 * The same pages serve booking and moving; what was chosen so far stands in the address and is nothing personal.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { counties, districtsOf, findCounty, findDistrict } from '../domain/area/area';
import { taipeiInstant, type PlainDate } from '../domain/civil-time/plain-date';
import type { Outcome } from '../domain/refusal/refusals';
import type { SlotView } from '../ledger/site';
import { behindSignIn } from './citizen-page';
import { parameter } from './forms';
import { refusalPage } from './refusals';
import type { Words } from './words';

/** What is looked for: a product of a round, from a day on. */
export interface Wanted {
  readonly roundId: string;
  readonly product: string;
  readonly productName: string;
  readonly earliestOn: PlainDate | null;
  /** A district to start from: the registration's, or that of the appointment to move. */
  readonly homeDistrict: string | undefined;
  readonly title: string;
}

export interface SearchOptions {
  /** `/booking` or `/appointment/move`. */
  readonly base: string;
  /** What the signed-in person may look for here, or why they may not. */
  readonly wanted: (request: FastifyRequest) => Promise<Outcome<Wanted>>;
}

const soonestShown = 5;

/** Registers `<base>/area`, `<base>/district`, `<base>/site` and `<base>/time`. */
export function searchPages(app: FastifyInstance, { base, wanted }: SearchOptions): void {
  const { page } = behindSignIn(app);
  const search = (
    step: 'area' | 'district' | 'site' | 'time',
    show: (request: FastifyRequest, reply: FastifyReply, want: Wanted) => Promise<FastifyReply>,
  ): void => {
    app.get(`${base}/${step}`, page, async (request, reply) => {
      const want = await wanted(request);
      return want.ok ? show(request, reply, want.value) : refusalPage(request, reply, want.refusal);
    });
  };
  const address = (step: string, want: Wanted, more: Record<string, string>): string =>
    `${base}/${step}?${new URLSearchParams({ round: want.roundId, product: want.product, ...more }).toString()}`;

  const soonest = async (want: Wanted, districtCode: string | undefined, words: Words) => {
    if (districtCode === undefined) return undefined;
    const { value: slots } = await app.places.earliestNearest({
      roundId: want.roundId,
      product: want.product,
      districtCode,
      limit: soonestShown,
      ...(want.earliestOn !== null && { from: taipeiInstant(want.earliestOn, 0) }),
    });
    return slots.map((slot) => ({
      slotId: slot.slotId,
      when: words.window(slot.startsAt, slot.endsAt),
      site: words.inLanguage(slot.siteNameZh, slot.siteNameEn),
      where: `${words.area(slot.districtCode)}${words.t.booking.about(slot.distanceKm)}`,
      left: words.t.booking.left(slot.left),
    }));
  };
  const frame = (want: Wanted, back: string) => ({ back, base, want, chooseAction: `${base}/choose` });

  search('area', async (request, reply, want) => {
    const { words } = request;
    return reply.page('booking/area.njk', {
      ...frame(want, base),
      title: words.t.booking.countyTitle,
      soonest: await soonest(want, want.homeDistrict, words),
      choices: counties.map((county) => ({
        href: address('district', want, { county: county.code }),
        text: county[words.language],
      })),
    });
  });

  search('district', async (request, reply, want) => {
    const { words } = request;
    const county = findCounty(parameter(request, 'county'));
    if (!county) return reply.redirect(address('area', want, {}), 303);
    const { value: sites } = await app.places.sitesIn({
      roundId: want.roundId,
      product: want.product,
      countyCode: county.code,
    });
    const left = new Map<string, number>();
    for (const site of sites) left.set(site.districtCode, (left.get(site.districtCode) ?? 0) + site.left);
    return reply.page('booking/district.njk', {
      ...frame(want, address('area', want, {})),
      title: words.t.booking.districtTitle,
      soonest: await soonest(want, homeIn(county.code, want, left), words),
      whole: {
        href: address('site', want, { county: county.code }),
        text: words.t.booking.whole(county[words.language]),
      },
      choices: districtsOf(county.code).map(({ code, ...name }) => ({
        href: address('site', want, { district: code }),
        text: name[words.language],
        left: left.get(code) ?? 0,
        offered: left.has(code),
      })),
    });
  });

  search('site', async (request, reply, want) => {
    const { words } = request;
    const district = findDistrict(parameter(request, 'district'));
    const county = findCounty(district?.countyCode ?? parameter(request, 'county'));
    if (!county) return reply.redirect(address('area', want, {}), 303);
    const place = district ? { districtCode: district.code } : { countyCode: county.code };
    const { value: sites } = await app.places.sitesIn({
      roundId: want.roundId,
      product: want.product,
      ...place,
    });
    return reply.page('booking/site.njk', {
      ...frame(want, address('district', want, { county: county.code })),
      title: words.t.booking.sitesTitle,
      place: district ? words.area(district.code) : county[words.language],
      soonest: await soonest(want, district?.code ?? districtsOf(county.code)[0]?.code, words),
      other: address('district', want, { county: county.code }),
      sites: sites.map((site) => ({
        name: words.inLanguage(site.nameZh, site.nameEn),
        address: words.inLanguage(site.addressZh, site.addressEn),
        free: site.closed ? words.t.booking.closed : words.t.booking.siteFree(site.left),
        full: site.left === 0,
        first: site.nextFreeAt === null ? undefined : words.moment(site.nextFreeAt),
        href: address('time', want, { site: site.siteId }),
      })),
    });
  });

  search('time', async (request, reply, want) => {
    const { words } = request;
    const { value: site } = await app.places.site({ siteId: parameter(request, 'site') });
    if (!site) return refusalPage(request, reply, { code: 'siteUnknown' });
    const { value: slots } = await app.places.slotsOf({
      siteId: site.siteId,
      roundId: want.roundId,
      product: want.product,
    });
    return reply.page('booking/time.njk', {
      ...frame(want, address('site', want, { district: site.districtCode })),
      title: words.t.booking.slotsTitle,
      site: words.inLanguage(site.nameZh, site.nameEn),
      address: words.inLanguage(site.addressZh, site.addressEn),
      days: byDay(slots, want.earliestOn, words),
      soonest: await soonest(want, site.districtCode, words),
      other: address('site', want, { district: site.districtCode }),
    });
  });
}

/** Where "nearest" is reckoned from in a county: home if it lies there, else a district that has places. */
function homeIn(countyCode: string, want: Wanted, left: ReadonlyMap<string, number>): string | undefined {
  if (want.homeDistrict?.startsWith(countyCode) === true) return want.homeDistrict;
  const withPlaces = [...left].find(([, places]) => places > 0);
  return withPlaces?.[0] ?? districtsOf(countyCode)[0]?.code;
}

/** Windows day by day. Those before the interval is over are left out: they could not be booked. */
function byDay(slots: readonly SlotView[], earliestOn: PlainDate | null, words: Words) {
  const days = new Map<PlainDate, SlotView[]>();
  for (const slot of slots) {
    if (earliestOn !== null && slot.sessionDate < earliestOn) continue;
    days.set(slot.sessionDate, [...(days.get(slot.sessionDate) ?? []), slot]);
  }
  return [...days].map(([date, ofDay]) => ({
    day: words.day(date),
    slots: ofDay.map((slot) => ({
      slotId: slot.slotId,
      hours: words.hours(slot.startsAt, slot.endsAt),
      full: slot.left <= 0,
      closed: slot.closed,
      left: words.t.booking.left(slot.left),
    })),
  }));
}
