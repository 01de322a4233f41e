/** A ledger of one's own with rounds, sites, slots and people, for tests of what happens in it. */
import { randomBytes, randomUUID } from 'node:crypto';

import { sql } from 'kysely';
import { addDays, taipeiInstant, type Instant, type PlainDate } from '../../domain/civil-time/plain-date';
import { stageAfter } from '../../domain/lifecycle/transitions';
import { parseMobile } from '../../domain/person-number/mobile';
import { recordChange, type CommandContext } from '../../ledger/citizen-command';
import { stepClockTo } from '../../ledger/clock';
import { addContact } from '../../ledger/contact';
import { openLedger, type Ledger } from '../../ledger/database';
import { seal, type LedgerKeys } from '../../ledger/encryption';
import { createTestDatabase } from '../support/database';

/** The civil date on which every such world begins; its clock stands at 08:00 Taipei, far ahead of the machine's. */
export const firstDay: PlainDate = '2031-07-01';

/** `day` days after the first, `minutes` past midnight in Taipei. */
export function at(day: number, minutes: number): Instant {
  return taipeiInstant(addDays(firstDay, day), minutes);
}

export const hour = 60;

/** Other tests share the machine: what is tried here is who gets a place, not how long a busy machine takes. */
export const patientWaitMs = 60_000;

const mobileInvented = '0900000678';

export class LedgerWorld {
  static async create({ maxConnections = 8 } = {}): Promise<LedgerWorld> {
    const database = await createTestDatabase();
    const keys: LedgerKeys = {
      dataKeys: new Map([[1, randomBytes(32)]]),
      currentDataKey: 1,
      indexKey: randomBytes(32),
      settlementSeed: randomBytes(32),
    };
    const ledger = openLedger({
      databaseUrl: database.url,
      keys,
      maxConnections,
      connectionWaitMs: patientWaitMs,
    });
    await stepClockTo(ledger.db, at(0, 8 * hour));
    return new LedgerWorld(ledger, database.url, database.drop);
  }

  private constructor(
    readonly ledger: Ledger,
    /** For processes that open the ledger themselves, with `ledger.keys`. */
    readonly databaseUrl: string,
    private readonly drop: () => Promise<void>,
  ) {}

  async close(): Promise<void> {
    await this.ledger.close();
    await this.drop();
  }

  /** Moves the ledger's clock forward. */
  async stepTo(instant: Instant): Promise<void> {
    await stepClockTo(this.ledger.db, instant);
  }

  async vaccine(product: string, nameZh: string): Promise<void> {
    await sql`insert into vaccine_product values (${product}, ${nameZh}, ${product}) on conflict do nothing`.execute(
      this.ledger.db,
    );
  }

  /** A round of Moderna and AZ, whose booking is open from day 0 10:00 to day 10 12:00 for everyone of 18 and over. */
  async round(
    options: {
      roundId?: string;
      kind?: 'rankThenInvite' | 'bookIfEligible';
      opensAt?: Instant;
      closesAt?: Instant;
    } = {},
  ): Promise<string> {
    const {
      roundId = 'round-1',
      kind = 'bookIfEligible',
      opensAt = at(0, 10 * hour),
      closesAt = at(10, 12 * hour),
    } = options;
    const ranked = kind === 'rankThenInvite';
    const { db } = this.ledger;
    await this.vaccine('Moderna', '莫德納');
    await this.vaccine('AZ', 'AZ');
    await db
      .insertInto('round')
      .values({
        round_id: roundId,
        kind,
        name_zh: '第一期',
        name_en: 'Round 1',
        open_groups: [5, 9],
        all_products_preselected: true,
        registration_opens_at: ranked ? at(-9, 0) : null,
        registration_ends_at: ranked ? at(-2, 0) : null,
        settles_at: ranked ? at(-1, 0) : null,
        age_reckoned_on: firstDay,
      })
      .execute();
    for (const [place, product] of ['Moderna', 'AZ'].entries()) {
      await db.insertInto('round_product').values({ round_id: roundId, product, place }).execute();
      await db
        .insertInto('booking_window')
        .values({
          round_id: roundId,
          product,
          age_from: 18,
          age_to: 150,
          opens_at: opensAt,
          closes_at: closesAt,
        })
        .execute();
    }
    await sql`insert into dose_interval (round_id, from_product, to_product, dose_number, interval_days)
      select ${roundId}, x.f, x.t, x.n, x.days from (values
        ('Moderna', 'Moderna', 2, 28), ('AZ', 'AZ', 2, 56), ('Moderna', 'Moderna', 3, 84)) as x (f, t, n, days)`.execute(
      db,
    );
    return roundId;
  }

  async site(siteId: string, districtCode = '63000030'): Promise<string> {
    await this.ledger.db
      .insertInto('site')
      .values({
        site_id: siteId,
        name_zh: `大安區健康服務中心${siteId}`,
        name_en: `Da'an District Health Center ${siteId}`,
        county_code: districtCode.slice(0, 5),
        district_code: districtCode,
        address_zh: '臺北市大安區建國南路二段15號',
        address_en: 'No. 15, Sec. 2, Jianguo S. Rd., Taipei',
      })
      .execute();
    return siteId;
  }

  /** A slot of one hour at a site. */
  async slot(options: {
    siteId: string;
    capacity: number;
    day?: number;
    fromMinute?: number;
    roundId?: string;
    product?: string;
  }): Promise<number> {
    const {
      siteId,
      capacity,
      day = 5,
      fromMinute = 9 * hour,
      roundId = 'round-1',
      product = 'Moderna',
    } = options;
    const { slot_id } = await this.ledger.db
      .insertInto('slot')
      .values({
        round_id: roundId,
        site_id: siteId,
        product,
        session_date: addDays(firstDay, day),
        starts_at: at(day, fromMinute),
        ends_at: at(day, fromMinute + hour),
        capacity,
      })
      .returning('slot_id')
      .executeTakeFirstOrThrow();
    return slot_id;
  }

  async person(options: { birthDate?: PlainDate; groups?: readonly number[] } = {}): Promise<string> {
    const personKey = randomUUID();
    await this.ledger.db
      .insertInto('person')
      .values({
        person_key: personKey,
        registry_person_id: randomUUID(),
        name_cipher: seal(this.ledger.keys, personKey, '甄健康'),
        birth_date: options.birthDate ?? '1970-01-01',
        priority_groups: [...(options.groups ?? [9])],
      })
      .execute();
    return personKey;
  }

  async dose(personKey: string, doseNumber: number, product: string, givenOn: PlainDate): Promise<void> {
    await this.ledger.db
      .insertInto('dose')
      .values({
        person_key: personKey,
        dose_number: doseNumber,
        product,
        given_on: givenOn,
        source: 'registry',
      })
      .execute();
  }

  /** Someone who registered and was invited in a round that ranks. */
  async invite(
    personKey: string,
    options: { roundId?: string; product?: string; doseNumber?: number } = {},
  ): Promise<void> {
    const { roundId = 'round-1', product = 'Moderna', doseNumber = 1 } = options;
    await this.ledger.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('participation')
        .values({
          person_key: personKey,
          round_id: roundId,
          dose_number: doseNumber,
          stage: stageAfter(null, 'invite') ?? '',
          last_act: 'invite',
        })
        .execute();
      await tx
        .insertInto('invitation')
        .values({
          person_key: personKey,
          round_id: roundId,
          product,
          dose_number: doseNumber,
          opens_at: at(0, 10 * hour),
          closes_at: at(10, 12 * hour),
        })
        .execute();
      await recordChange(tx, { personKey, actor: 'system', channel: 'test' }, 'invite', {});
    });
  }

  /** The invitation's text as a settlement leaves it: written, and held until a wave releases it. */
  async heldInvitation(
    personKey: string,
    options: { roundId?: string; product?: string; mobile?: string } = {},
  ): Promise<void> {
    const { roundId = 'round-1', product = 'Moderna', mobile = mobileInvented } = options;
    await this.ledger.db
      .insertInto('text_message')
      .values({
        person_key: personKey,
        purpose: 'invitation',
        occasion: roundId,
        contact_id: await this.contact(personKey, mobile),
        parameters: JSON.stringify({
          ...{ roundId, product },
          ...{ opensAt: at(0, 10 * hour), closesAt: at(10, 12 * hour) },
        }),
        lane: 'mass',
        status: 'held',
      })
      .execute();
  }

  /** A mobile as given at a registration. */
  async contact(personKey: string, mobile = mobileInvented, language: 'zh' | 'en' = 'zh'): Promise<string> {
    const parsed = parseMobile(mobile);
    if ('refusal' in parsed) throw new Error('a builder was given no mobile');
    return this.ledger.db
      .transaction()
      .execute((tx) => addContact(tx, this.ledger.keys, personKey, parsed.mobile, language));
  }

  /** The person acting on the web. */
  acting(personKey: string, idempotencyKey?: string): CommandContext {
    return {
      personKey,
      actor: 'citizen',
      channel: 'web',
      ...(idempotencyKey && {
        idempotency: { key: idempotencyKey, requestHash: Buffer.from(idempotencyKey) },
      }),
    };
  }
}
