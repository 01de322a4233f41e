/** Telephones of staff that receive every wave of invitations before any citizen does. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import { maskMobile } from '../domain/person-number/masks';
import type { Mobile } from '../domain/person-number/mobile';
import { openMobile } from './contact';
import type { Ledger } from './database';
import { seal } from './encryption';
import { recordOperatorAct } from './operator-audit';

export interface TestHandset {
  readonly handsetId: string;
  readonly label: string;
  readonly maskedMobile: string;
}

/** Adds a handset; the mobile is sealed for its own row. */
export async function addTestHandset(
  ledger: Ledger,
  operatorId: string,
  { label, mobile }: { readonly label: string; readonly mobile: Mobile },
): Promise<TestHandset> {
  const handsetId = randomUUID();
  await ledger.db.transaction().execute(async (tx) => {
    await tx
      .insertInto('test_handset')
      .values({
        handset_id: handsetId,
        label,
        mobile_cipher: seal(ledger.keys, handsetId, mobile),
        added_by: operatorId,
      })
      .execute();
    await recordOperatorAct(tx, operatorId, 'addTestHandset', { handsetId });
  });
  return { handsetId, label, maskedMobile: maskMobile(mobile) };
}

/** Those in use, in the order in which they were added. */
export async function readTestHandsets(ledger: Ledger): Promise<readonly TestHandset[]> {
  const rows = await ledger.db
    .selectFrom('test_handset')
    .select(['handset_id', 'label', 'mobile_cipher'])
    .where('removed_at', 'is', null)
    .orderBy('added_at')
    .execute();
  return rows.map((row) => ({
    handsetId: row.handset_id,
    label: row.label,
    maskedMobile: maskMobile(
      openMobile(ledger.keys, { contact_id: row.handset_id, mobile_cipher: row.mobile_cipher }),
    ),
  }));
}

/** Takes a handset out of use; what it received stays in the record. False when there is none to remove. */
export async function removeTestHandset(
  ledger: Ledger,
  operatorId: string,
  handsetId: string,
): Promise<boolean> {
  return ledger.db.transaction().execute(async (tx) => {
    const removed = await tx
      .updateTable('test_handset')
      .set({ removed_at: sql<Date>`clock_timestamp()` })
      .where('handset_id', '=', handsetId)
      .where('removed_at', 'is', null)
      .returning('handset_id')
      .execute();
    if (removed.length > 0) await recordOperatorAct(tx, operatorId, 'removeTestHandset', { handsetId });
    return removed.length > 0;
  });
}
