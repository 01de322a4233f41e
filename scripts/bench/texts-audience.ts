/** People with sealed mobiles whose invitation text is held, written in bulk, and a wave over them that was approved. */
import { randomUUID } from 'node:crypto';

import { seal } from '../../ledger/encryption';
import type { Ledger } from '../../ledger/database';
import { approveWave, startWave } from '../../ledger/invitation-wave';
import { takeWaveStep } from '../../ledger/invitation-wave-steps';
import { enrolOperator } from '../../ledger/operator';
import { addTestHandset } from '../../ledger/test-handset';
import { parseMobile } from '../../domain/person-number/mobile';
import { syntheticMobile } from '../demo-data/synthetic-numbers';

const inOneStatement = 5_000;
const starter = 'bench-starter';
const approver = 'bench-approver';
/** Of no person. */
export const handsetMobile = syntheticMobile(99_999_999);

/** What every round of the benchmark needs: a product, two operators and a handset. */
export async function prepareTexts(ledger: Ledger): Promise<void> {
  await ledger.pool.query(`insert into vaccine_product values ('Moderna', '莫德納疫苗', 'Moderna')`);
  for (const name of [starter, approver]) await enrolOperator(ledger.db, name);
  const parsed = parseMobile(handsetMobile);
  if ('refusal' in parsed) throw new Error('a synthetic mobile is one');
  await addTestHandset(ledger, starter, { label: 'bench', mobile: parsed.mobile });
}

/** Writes a round whose settlement has just invited so many people. */
export async function seedInvitations(ledger: Ledger, roundId: string, texts: number): Promise<void> {
  const { pool, keys } = ledger;
  await pool.query(
    `insert into round (round_id, kind, name_zh, name_en, open_groups, all_products_preselected,
        registration_opens_at, registration_ends_at, settles_at, age_reckoned_on)
      values ($1, 'rankThenInvite', $1, $1, '{9}', true, now() - interval '9 days', now() - interval '1 day', now(),
        current_date)`,
    [roundId],
  );
  for (let from = 0; from < texts; from += inOneStatement) {
    const rows = Array.from({ length: Math.min(inOneStatement, texts - from) }, (_, n) => {
      const contactId = randomUUID();
      return { personKey: randomUUID(), contactId, mobile: seal(keys, contactId, syntheticMobile(from + n)) };
    });
    const client = await pool.connect();
    try {
      // Nothing refers to anything else until all is there.
      await client.query(`begin; set local session_replication_role = replica`);
      await client.query(
        `create temporary table who on commit drop as
          select * from unnest($1::uuid[], $2::uuid[], $3::bytea[]) as who (person_key, contact_id, mobile_cipher)`,
        [
          rows.map(({ personKey }) => personKey),
          rows.map(({ contactId }) => contactId),
          rows.map(({ mobile }) => mobile),
        ],
      );
      await client.query(
        `insert into person (person_key, registry_person_id, name_cipher, birth_date, priority_groups, version)
          select person_key, gen_random_uuid(), '\\x00', '1970-01-01', '{9}', 1 from who`,
      );
      await client.query(
        `insert into contact (contact_id, person_key, mobile_cipher)
          select contact_id, person_key, mobile_cipher from who`,
      );
      await client.query(
        `insert into participation (person_key, round_id, dose_number, stage, last_act)
          select person_key, $1, 1, 'invited', 'invite' from who`,
        [roundId],
      );
      await client.query(
        `insert into text_message (person_key, purpose, occasion, contact_id, parameters, lane, status)
          select person_key, 'invitation', $1, contact_id, jsonb_build_object('roundId', $1::text,
            'product', 'Moderna', 'opensAt', '2099-07-06T02:00:00.000Z', 'closesAt', '2099-07-08T04:00:00.000Z'),
            'mass', 'held' from who`,
        [roundId],
      );
      await client.query('commit');
    } finally {
      client.release();
    }
  }
  await pool.query('vacuum analyze');
  await pool.query('checkpoint');
}

/** A wave over the whole round, past handsets and look, that a second operator has approved; its id. */
export async function approvedWave(ledger: Ledger, roundId: string, ratePerSecond: number): Promise<string> {
  const started = await startWave(ledger, starter, {
    ...{ roundId, product: null, countyCodes: null },
    ...{ ratePerSecond, trialSize: 1, lookSeconds: 0 },
  });
  if (!started.ok) throw new Error(started.refusal.code);
  const { waveId } = started.value;
  for (const step of ['gather', 'test', 'look', 'tryOut'] as const) {
    for (;;) {
      const { answer } = await takeWaveStep(ledger, waveId, step);
      if (answer === 'done') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const approved = await approveWave(ledger, approver, waveId);
  if (!approved.ok) throw new Error(approved.refusal.code);
  return waveId;
}
