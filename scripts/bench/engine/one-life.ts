/**
 * One person's way from registration to the dose, by the product's own processes and in real time: the ledger's clock
 * is set so that what takes weeks falls due within a minute, and every timer really fires.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';

import {
  addDays,
  addMs,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
} from '../../../domain/civil-time/plain-date';
import { jitterOf } from '../../../domain/lifecycle/obligations';
import type { Outcome } from '../../../domain/refusal/refusals';
import { recordAttendance } from '../../../ledger/attendance';
import { book } from '../../../ledger/booking';
import { ledgerNow, stepClockTo } from '../../../ledger/clock';
import type { Ledger } from '../../../ledger/database';
import { seal } from '../../../ledger/encryption';
import { register } from '../../../ledger/registration';
import { ensureRound } from '../../../workers/workflow-starts';
import type { EngineStage } from './engine-stage';

const roundId = 'life';
const siteId = 'S1';
const secondMs = 1_000;
/** When, after the beginning, registration ends, settlement begins, booking closes and the appointment is reminded of. */
const endsMs = 8 * secondMs;
const settlesMs = 10 * secondMs;
const closesMs = 55 * secondMs;
const reminderMs = 75 * secondMs;
const patienceMs = 120 * secondMs;

/** Lives it, and answers the person's key when the last thing owed has been met and the run is over. */
export async function liveOneLife(
  { ledger, temporal, taskQueue }: EngineStage,
  say: (progress: string) => void,
): Promise<string> {
  const personKey = randomUUID();
  const context = { personKey, actor: 'citizen', channel: 'web' } as const;
  const begins = await beginning(ledger, personKey);
  const slotId = await prepare(ledger, personKey, begins);

  say('registers');
  await stepClockTo(ledger.db, begins);
  await temporal.call((client) => ensureRound(client, taskQueue, roundId));
  const wish = { roundId, mobile: '0900000678', districtCode: '63000030', products: ['Moderna'] };
  granted(await register(ledger, context, { ...wish, language: 'zh' }));
  await told(ledger, personKey);

  say('is invited and reminded to book');
  await textFor(ledger, personKey, 'remindToBook');
  say('books and is reminded of the appointment');
  const booked = granted(await book(ledger, context, { slotId, mobile: wish.mobile, language: 'zh' }));
  await textFor(ledger, personKey, 'remindOfAppointment');

  say('is vaccinated');
  await stepClockTo(ledger.db, taipeiInstant(addDays(taipeiDateOf(begins), 1), 11 * 60 + 30));
  const { appointmentNumber } = booked;
  granted(
    await recordAttendance(
      ledger,
      { actor: 'station', channel: 'station' },
      { stationSiteId: siteId, appointmentNumber },
    ),
  );
  await textFor(ledger, personKey, 'confirmDose');
  await until('the run to end', async () => {
    const row = await outboxOf(ledger, personKey);
    return row?.asleep === true && row.sent_version === row.version;
  });
  return personKey;
}

/** The instant on some day ahead at which the reminder of tomorrow's appointment is `reminderMs` away. */
async function beginning(ledger: Ledger, personKey: string): Promise<Instant> {
  const day = addDays(taipeiDateOf(await ledgerNow(ledger.db)), 30);
  // Reminders fall between 10:00 and 18:00 on the day before, each person's at an instant of its own.
  const reminder = addMs(taipeiInstant(day, 10 * 60), Math.round(jitterOf(personKey) * 8 * 3_600_000));
  return addMs(reminder, -reminderMs);
}

/** A round with one person, one dose and two windows of the day after; answers the first window. */
async function prepare(ledger: Ledger, personKey: string, begins: Instant): Promise<number> {
  const day = addDays(taipeiDateOf(begins), 1);
  const opensAt = addMs(begins, settlesMs);
  const closesAt = addMs(begins, closesMs);
  await ledger.db.transaction().execute(async (tx) => {
    await sql`insert into vaccine_product values ('Moderna', '莫德納', 'Moderna')`.execute(tx);
    await sql`insert into round (round_id, kind, name_zh, name_en, open_groups, all_products_preselected,
        registration_opens_at, registration_ends_at, settles_at, age_reckoned_on)
      values (${roundId}, 'rankThenInvite', '第一期', 'Round 1', '{9}', true, ${addMs(begins, -60_000)}::timestamptz,
        ${addMs(begins, endsMs)}::timestamptz, ${opensAt}::timestamptz, ${day}::date)`.execute(tx);
    await sql`insert into round_product values (${roundId}, 'Moderna', 0)`.execute(tx);
    await sql`insert into booking_window
      values (${roundId}, 'Moderna', 18, 150, ${opensAt}::timestamptz, ${closesAt}::timestamptz)`.execute(tx);
    await sql`insert into dose_interval (round_id, from_product, to_product, dose_number, interval_days)
      values (${roundId}, 'Moderna', 'Moderna', 2, 28)`.execute(tx);
    await sql`insert into supply values (${roundId}, 'Moderna', '63000', 1)`.execute(tx);
    await sql`insert into site (site_id, name_zh, name_en, county_code, district_code, address_zh, address_en)
      values (${siteId}, '接種站', 'Site', '63000', '63000030', '一號', 'No. 1')`.execute(tx);
    await tx
      .insertInto('person')
      .values({
        person_key: personKey,
        registry_person_id: randomUUID(),
        name_cipher: seal(ledger.keys, personKey, '甄健康'),
        birth_date: '1970-01-01',
        priority_groups: [9],
      })
      .execute();
  });
  const window = (hour: number) =>
    ledger.db
      .insertInto('slot')
      .values({
        ...{ round_id: roundId, site_id: siteId, product: 'Moderna', session_date: day, capacity: 1 },
        ...{ starts_at: taipeiInstant(day, hour * 60), ends_at: taipeiInstant(day, (hour + 1) * 60) },
      })
      .returning('slot_id')
      .executeTakeFirstOrThrow();
  const { slot_id: slotId } = await window(11);
  await window(15);
  return slotId;
}

const outboxOf = (ledger: Ledger, personKey: string) =>
  ledger.db
    .selectFrom('citizen_outbox')
    .select(['version', 'sent_version', 'asleep'])
    .where('person_key', '=', personKey)
    .executeTakeFirst();

/** The relay works within a fraction of a second: so that one step is one signal, the next waits for it. */
async function told(ledger: Ledger, personKey: string): Promise<void> {
  await until('the relay', async () => {
    const row = await outboxOf(ledger, personKey);
    return row !== undefined && row.sent_version === row.version;
  });
}

async function textFor(ledger: Ledger, personKey: string, purpose: string): Promise<void> {
  await until(`the text ${purpose}`, async () => {
    const found = await ledger.db
      .selectFrom('text_message')
      .select('text_message_id')
      .where('person_key', '=', personKey)
      .where('purpose', '=', purpose)
      .executeTakeFirst();
    return found !== undefined;
  });
  await told(ledger, personKey);
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`the life waited too long for ${what}`);
    await pause(100);
  }
}

function granted<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`the life was refused: ${outcome.refusal.code}`);
  return outcome.value;
}
