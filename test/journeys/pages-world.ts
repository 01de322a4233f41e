/** A town of synthetic people, rounds and sites behind the real app and its pages, for tests that use a browser. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import {
  addDays,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
  type PlainDate,
} from '../../domain/civil-time/plain-date';
import { ledgerNow, stepClockTo } from '../../ledger/clock';
import { syntheticCardNumber, syntheticNationalId } from '../../scripts/demo-data/synthetic-numbers';
import type { AppParts } from '../../api/app';
import { AppWorld } from '../support/app';
import { aSecondPasses } from '../support/passing-time';
import { pagesPlugin, type PagesOptions } from '../../web/pages';

/** A person of the simulated insurance registry. */
export interface TownPerson {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly name: string;
}

const daAn = '63000030';
const siteNames = [
  [
    '大安區健康服務中心',
    "Da'an District Health Center",
    daAn,
    '臺北市大安區建國南路二段15號',
    'No. 15, Sec. 2, Jianguo S. Rd.',
  ],
  ['安和診所', 'Anhe Clinic', daAn, '臺北市大安區安和路一段8號', 'No. 8, Sec. 1, Anhe Rd.'],
  ['信義國小接種站', 'Xinyi Elementary School', '63000020', '臺北市信義區松勤街60號', 'No. 60, Songqin St.'],
  ['中正區接種站', 'Zhongzheng Vaccination Site', '63000050', '臺北市中正區牯嶺街24號', 'No. 24, Guling St.'],
] as const;

export class PagesTown {
  static async open(options: Partial<PagesOptions> = {}, parts: Partial<AppParts> = {}): Promise<PagesTown> {
    const running = await AppWorld.create({
      ...parts,
      pages: pagesPlugin({ secure: false, demonstration: true, ...options }),
    });
    const address = await running.app.listen({ host: '127.0.0.1', port: 0 });
    return new PagesTown(running, address, taipeiDateOf(await ledgerNow(running.world.ledger.db)));
  }

  #people = 0;

  private constructor(
    readonly running: AppWorld,
    readonly address: string,
    /** The civil date on which the town was opened. */
    readonly today: PlainDate,
  ) {}

  close(): Promise<void> {
    return this.running.close();
  }

  /** `days` after the town was opened, `minutes` past midnight in Taipei. */
  at(days: number, minutes = 0): Instant {
    return taipeiInstant(addDays(this.today, days), minutes);
  }

  /** Steps the ledger's clock; what the app kept of it is a second old at most. */
  async stepTo(instant: Instant): Promise<void> {
    await stepClockTo(this.running.world.ledger.db, instant);
    await aSecondPasses();
  }

  /** A person whom the registry confirms, in their fifties unless said otherwise. */
  async person(
    options: { name?: string; birthDate?: PlainDate; groups?: number[] } = {},
  ): Promise<TownPerson> {
    this.#people += 1;
    const personNumber = syntheticNationalId('A', 'female', 9_990_000 + this.#people);
    const cardNumber = syntheticCardNumber(this.#people);
    const id = randomUUID();
    const { db } = this.running.world.ledger;
    const name = options.name ?? '甄健康';
    await sql`insert into simulated_registry.insured_person
        (registry_person_id, name, birth_date, card_number, priority_groups)
      values (${id}, ${name}, ${options.birthDate ?? '1969-05-04'}, ${cardNumber}, ${options.groups ?? [9]})`.execute(
      db,
    );
    await sql`insert into simulated_registry.insured_number (number, registry_person_id, kind)
      values (${personNumber}, ${id}, 'nationalId')`.execute(db);
    return { personNumber, cardNumber, name };
  }

  /** A round that ranks: registration open since yesterday for three days more, booking from the seventh day on. */
  async rankedRound(roundId = 'round-9'): Promise<string> {
    await this.#round(roundId, true, ['第九期 公費疫苗', 'Round 9'], this.at(7, 600), this.at(9, 720));
    return roundId;
  }

  /** A round in which the groups book at once, open since yesterday. */
  async openRound(roundId = 'round-8'): Promise<string> {
    await this.#round(roundId, false, ['第八期 直接預約', 'Round 8'], this.at(-1, 600), this.at(20, 720));
    return roundId;
  }

  async #round(
    roundId: string,
    ranked: boolean,
    [nameZh, nameEn]: readonly [string, string],
    opensAt: Instant,
    closesAt: Instant,
  ): Promise<void> {
    const { db } = this.running.world.ledger;
    await sql`insert into vaccine_product values ('AZ', 'AZ', 'AZ'), ('Moderna', '莫德納', 'Moderna')
      on conflict do nothing`.execute(db);
    await db
      .insertInto('round')
      .values({
        round_id: roundId,
        kind: ranked ? 'rankThenInvite' : 'bookIfEligible',
        name_zh: nameZh,
        name_en: nameEn,
        open_groups: [5, 9],
        all_products_preselected: true,
        registration_opens_at: ranked ? this.at(-1) : null,
        registration_ends_at: ranked ? this.at(3, 720) : null,
        settles_at: ranked ? this.at(4, 480) : null,
        age_reckoned_on: this.today,
      })
      .execute();
    for (const [place, product] of (ranked ? ['AZ', 'Moderna'] : ['Moderna']).entries()) {
      await db.insertInto('round_product').values({ round_id: roundId, product, place }).execute();
      for (const [ageFrom, ageTo, laterMinutes] of [
        [65, 150, 0],
        [50, 64, ranked ? 120 : 0],
        [18, 49, ranked ? 240 : 0],
      ] as const) {
        const opens = new Date(Date.parse(opensAt) + laterMinutes * 60_000).toISOString();
        await db
          .insertInto('booking_window')
          .values({
            round_id: roundId,
            product,
            age_from: ageFrom,
            age_to: ageTo,
            opens_at: opens,
            closes_at: closesAt,
          })
          .execute();
      }
    }
    await sql`insert into dose_interval (round_id, from_product, to_product, dose_number, interval_days)
      select round_id, product, product, 2, 28 from round_product where round_id = ${roundId}`.execute(db);
  }

  /** Sites in Taipei with windows on three days; at the first one 09:00 has one place and 10:00 is full. */
  async sites(roundId: string, product = 'Moderna'): Promise<void> {
    const { db } = this.running.world.ledger;
    for (const [index, [nameZh, nameEn, districtCode, addressZh, addressEn]] of siteNames.entries()) {
      const siteId = `S${String(index + 1)}`;
      await db
        .insertInto('site')
        .values({
          site_id: siteId,
          name_zh: nameZh,
          name_en: nameEn,
          county_code: districtCode.slice(0, 5),
          district_code: districtCode,
          address_zh: addressZh,
          address_en: addressEn,
          phone: '02-2733-5831',
          note_zh: '請由側門進入，提早 10 分鐘報到。',
          note_en: 'Please use the side entrance and come 10 minutes early.',
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      for (const day of [10, 11, 12]) {
        for (const hour of [9, 10, 11, 14, 15, 16]) {
          const special = index === 0 && day === 10 ? { 9: 1, 10: 0 }[hour] : undefined;
          await db
            .insertInto('slot')
            .values({
              round_id: roundId,
              site_id: siteId,
              product,
              session_date: addDays(this.today, day),
              starts_at: this.at(day, hour * 60),
              ends_at: this.at(day, hour * 60 + 60),
              capacity: special ?? 30,
            })
            .execute();
        }
      }
    }
  }

  /** Fills a window, as others do who were quicker. */
  async fill(siteId: string, day: number, hour: number): Promise<void> {
    await sql`update slot set capacity = booked where site_id = ${siteId}
      and starts_at = ${this.at(day, hour * 60)}::timestamptz`.execute(this.running.world.ledger.db);
  }

  /** Gives everyone who registered the right to book, as a settlement does. */
  async inviteAll(roundId: string, product = 'Moderna'): Promise<void> {
    const { db } = this.running.world.ledger;
    await sql`update participation set stage = 'invited', last_act = 'invite'
      where round_id = ${roundId} and stage = 'registered'`.execute(db);
    await sql`insert into invitation (person_key, round_id, product, dose_number, rank, opens_at, closes_at)
      select person_key, round_id, ${product}, dose_number, 1, ${this.at(7, 600)}::timestamptz,
        ${this.at(9, 720)}::timestamptz
      from participation where round_id = ${roundId} and stage = 'invited' on conflict do nothing`.execute(
      db,
    );
  }
}
