/** The ledger of the booking benchmark: a settled round whose invited people wait for the bell, windows, and the checks. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

import type { BellResult, BellWish } from './bell';

const siteCount = 100;

interface Window {
  readonly slotId: number;
  readonly siteId: string;
}

/** What a check found wrong; 0 each when all is well. */
export interface Wrongs {
  /** Acknowledged bookings that are not in the ledger as they were acknowledged. */
  readonly lost: number;
  /** Windows over their capacity, or whose count is not that of their appointments. */
  readonly oversold: number;
  /** Bookings without audit row, text, outbox mark or idempotent answer. */
  readonly duties: number;
}

export class BellWorld {
  #client: Client;
  /** Invited and not yet booked; whoever was refused asks again in the next run. */
  #waiting: string[] = [];
  /** Each run has windows at times of its own. */
  #runs = 0;

  private constructor(databaseUrl: string) {
    this.#client = new Client({ connectionString: databaseUrl });
  }

  /** Fills a migrated, empty database with `people` invited people and sites that have windows free on a later day. */
  static async fill(databaseUrl: string, people: number): Promise<BellWorld> {
    const world = new BellWorld(databaseUrl);
    await world.#client.connect();
    const ask = (text: string, values: unknown[] = []) => world.#client.query(text, values);
    await ask(`insert into vaccine_product values ('Moderna', '莫德納', 'Moderna')`);
    await ask(`insert into round (round_id, kind, name_zh, name_en, open_groups, all_products_preselected,
        registration_opens_at, registration_ends_at, settles_at, age_reckoned_on)
      values ('bell', 'rankThenInvite', '第一期', 'Round 1', '{9}', true, now() - interval '9 days',
        now() - interval '2 days', now() - interval '1 day', current_date)`);
    await ask(`insert into round_product values ('bell', 'Moderna', 0)`);
    await ask(
      `insert into booking_window values ('bell', 'Moderna', 18, 150, now() - interval '1 hour', now() + interval '9 days')`,
    );
    await ask(
      `insert into site (site_id, name_zh, name_en, county_code, district_code, address_zh, address_en, phone)
        select 'S' || n, '大安區健康服務中心第' || n || '站', 'Da''an District Health Center ' || n, '63000', '63000030',
          '臺北市大安區建國南路二段15號', 'No. 15, Sec. 2, Jianguo S. Rd., Taipei', '02-27335831'
        from generate_series(1, $1::integer) n`,
      [siteCount],
    );
    // What is offered to those who find their window full.
    await ask(
      `insert into slot (round_id, site_id, product, session_date, starts_at, ends_at, capacity)
        select 'bell', 'S' || n, 'Moderna', current_date + 300, current_date + 300 + interval '1 hour',
          current_date + 300 + interval '2 hours', 100000 from generate_series(1, $1::integer) n`,
      [siteCount],
    );
    await ask(
      `insert into person (person_key, registry_person_id, name_cipher, birth_date, priority_groups, version)
        select gen_random_uuid(), gen_random_uuid(), $2, date '1950-01-01' + (n % 10000)::integer, '{9}', 1
        from generate_series(1, $1::integer) n`,
      [people, randomBytes(38)],
    );
    await ask(`insert into participation (person_key, round_id, dose_number, stage, last_act)
      select person_key, 'bell', 1, 'invited', 'invite' from person`);
    await ask(`insert into invitation (person_key, round_id, product, dose_number, rank, opens_at, closes_at)
      select person_key, 'bell', 'Moderna', 1, 1, now() - interval '1 hour', now() + interval '9 days' from person`);
    await ask(`insert into citizen_outbox (person_key, version, sent_version, lane, next_due_at)
      select person_key, 1, 1, 'mass', now() + interval '1 day' from person`);
    await ask('vacuum analyze');
    await ask('checkpoint');
    const { rows } = await ask('select person_key from person');
    world.#waiting = (rows as { person_key: string }[]).map(({ person_key }) => person_key);
    return world;
  }

  /**
   * Wishes of `demand` times as many people as there are places in `windows` new windows, in a random order; each
   * person asks for one window, and each window is asked for as often as every other on average.
   */
  async wishes(windows: number, places: number, demand: number): Promise<readonly BellWish[]> {
    this.#runs += 1;
    const each = Math.max(1, Math.round(places / windows));
    const { rows } = await this.#client.query<Window>(
      `insert into slot (round_id, site_id, product, session_date, starts_at, ends_at, capacity)
        select 'bell', 'S' || (1 + n % $2::integer), 'Moderna', day.at::date, day.at + n / $2::integer * interval '10 minutes',
          day.at + n / $2::integer * interval '10 minutes' + interval '10 minutes', $3
        from generate_series(0, $1::integer - 1) n, (select current_date + 10 + $4::integer + interval '1 hour' as at) day
        returning slot_id as "slotId", site_id as "siteId"`,
      [windows, siteCount, each, this.#runs],
    );
    const asking = each * windows * demand;
    if (asking > this.#waiting.length) throw new Error('the bell was filled with too few people');
    return this.#waiting.slice(0, asking).map((personKey) => {
      const window = rows[Math.floor(Math.random() * rows.length)];
      if (!window) throw new Error('a run has windows');
      return { personKey, slotId: window.slotId };
    });
  }

  /**
   * Checks a run against the ledger: every acknowledged booking is there under its number, for its person and window,
   * with its audit row, text, outbox mark and idempotent answer; no window over its capacity, and each count true.
   * Answers what is wrong, 0 each when all is well.
   */
  async check(wishes: readonly BellWish[], { booked }: BellResult): Promise<Wrongs> {
    const slots = [...new Set(wishes.map(({ slotId }) => slotId))];
    const { rows } = await this.#client.query<Wrongs>(
      `with acknowledged as (
        select * from unnest($1::text[], $2::uuid[], $3::bigint[]) as a (appointment_number, person_key, slot_id)
      ), made as (
        select a.* from appointment a where a.slot_id = any($4::bigint[]) and a.status = 'booked'
      )
      select
        (select count(*) from acknowledged k where not exists (select from made m
          where (m.appointment_number, m.person_key, m.slot_id) = (k.appointment_number, k.person_key, k.slot_id)))::integer as lost,
        (select count(*) from slot s where s.slot_id = any($4::bigint[]) and (s.booked > s.capacity
          or s.booked <> (select count(*) from made m where m.slot_id = s.slot_id)))::integer as oversold,
        (select count(*) from made m where
          not exists (select from audit_entry e where e.person_key = m.person_key and e.act = 'book')
          or not exists (select from text_message t where t.person_key = m.person_key and t.occasion = m.appointment_number)
          or not exists (select from idempotent_answer i where i.person_key = m.person_key)
          or not exists (select from citizen_outbox o join person p using (person_key)
            where o.person_key = m.person_key and o.version = p.version and o.version > o.sent_version))::integer as duties`,
      [
        booked.map(({ number }) => number),
        booked.map(({ personKey }) => personKey),
        booked.map(({ slotId }) => slotId),
        slots,
      ],
    );
    const taken = new Set(booked.map(({ personKey }) => personKey));
    this.#waiting = this.#waiting.filter((personKey) => !taken.has(personKey));
    return rows[0] ?? { lost: -1, oversold: -1, duties: -1 };
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
