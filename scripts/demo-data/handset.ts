/** A synthetic telephone of staff, so that a wave of invitations can be tried out: every wave goes to one first. */
import type { Settings } from '../../config/settings';
import { parseMobile } from '../../domain/person-number/mobile';
import { openLedger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { addTestHandset, readTestHandsets } from '../../ledger/test-handset';
import { syntheticMobile } from './synthetic-numbers';

/** Belongs to no synthetic person. */
export const demonstrationHandset = syntheticMobile(9_999_001);

/** Adds it under the name of an operator, unless some handset is there. */
export async function ensureDemonstrationHandset(
  settings: Partial<Readonly<Record<keyof Settings, string>>>,
  databaseUrl: string,
  operatorId: string,
): Promise<void> {
  const ledger = openLedger({
    databaseUrl,
    keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS ?? '', settings.YIYUE_INDEX_KEY ?? ''),
    maxConnections: 1,
  });
  try {
    const parsed = parseMobile(demonstrationHandset);
    if ('refusal' in parsed) throw new Error('the synthetic handset has a mobile');
    if ((await readTestHandsets(ledger)).length > 0) return;
    await addTestHandset(ledger, operatorId, { label: '指揮中心測試手機', mobile: parsed.mobile });
  } finally {
    await ledger.close();
  }
}
