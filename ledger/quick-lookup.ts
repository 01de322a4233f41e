/** Quick lookup (簡易查詢): the newest appointment of whoever knows the number and the mobile's last three digits. */
import { timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';

import { taipeiDateOf, type Instant } from '../domain/civil-time/plain-date';
import { maskMobile, maskName, maskPersonNumberForLookup } from '../domain/person-number/masks';
import { normalisePersonNumber } from '../domain/person-number/person-number';
import { accepted, refused, type Outcome } from '../domain/refusal/refusals';
import type { Ledger } from './database';
import { blindIndex, seal, unseal, type LedgerKeys } from './encryption';

/** What is told after a match: enough to find the way there, nothing on doses, everything personal masked. */
export interface LookupView {
  /** `stands`, `cancelled`, or `over`: attended, missed, or its day has passed. */
  readonly status: 'stands' | 'cancelled' | 'over';
  readonly appointmentNumber: string;
  readonly bookedAt: Instant;
  readonly maskedPersonNumber: string;
  readonly maskedName: string;
  readonly maskedMobile: string;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly site: {
    readonly nameZh: string;
    readonly nameEn: string;
    readonly addressZh: string;
    readonly addressEn: string;
    readonly phone: string;
    readonly noteZh: string;
    readonly noteEn: string;
  };
}

interface LookupRow {
  now: Date;
  person_key: string | null;
  person_number_id: string | null;
  number_cipher: Buffer | null;
  name_cipher: Buffer | null;
  contact_id: string | null;
  mobile_cipher: Buffer | null;
  appointment_number: string | null;
  status: string | null;
  booked_at: Date | null;
  starts_at: Date | null;
  ends_at: Date | null;
  name_zh: string | null;
  name_en: string | null;
  address_zh: string | null;
  address_en: string | null;
  phone: string | null;
  note_zh: string | null;
  note_en: string | null;
}

/** A key that no person has: the unknown person's appointments are looked for like anyone's. */
const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * Finds the newest appointment by the mobile that it was booked with. Unknown person, wrong digits and no appointment
 * are all `lookupNoMatch`, after the same work: one statement, one decryption, one comparison.
 */
export async function quickLookup(
  ledger: Ledger,
  asked: { readonly personNumber: string; readonly mobileLastThree: string },
): Promise<Outcome<LookupView>> {
  const index = blindIndex(ledger.keys, normalisePersonNumber(asked.personNumber));
  const { rows } = await sql<LookupRow>`
    select ledger_now() as now, n.person_key, n.person_number_id, n.number_cipher, p.name_cipher,
      a.contact_id, c.mobile_cipher, a.appointment_number, a.status, a.booked_at, s.starts_at, s.ends_at,
      t.name_zh, t.name_en, t.address_zh, t.address_en, t.phone, t.note_zh, t.note_en
    from (values (1)) one
    left join person_number n on n.number_index = ${index}
    left join person p on p.person_key = coalesce(n.person_key, ${nobody}::uuid)
    left join lateral (
      select * from appointment x where x.person_key = coalesce(n.person_key, ${nobody}::uuid)
      order by x.booked_at desc, x.appointment_number limit 1
    ) a on true
    left join contact c on c.contact_id = coalesce(a.contact_id, ${nobody}::uuid)
    left join slot s on s.slot_id = coalesce(a.slot_id, 0)
    left join site t on t.site_id = coalesce(s.site_id, '')
  `.execute(ledger.db);
  const [row] = rows;
  const matches = sameDigits(openOrDecoy(ledger.keys, row), asked.mobileLastThree);
  const view = row && matches ? viewOf(ledger.keys, row) : undefined;
  return view ? accepted(view) : refused({ code: 'lookupNoMatch' });
}

/** The booking's mobile, or that of a decoy row so that no answer comes sooner. The decoy ends in no digits. */
function openOrDecoy(keys: LedgerKeys, row: LookupRow | undefined): string {
  if (row?.contact_id && row.mobile_cipher) return unseal(keys, row.contact_id, row.mobile_cipher);
  return unseal(keys, nobody, decoyOf(keys));
}

const decoys = new WeakMap<LedgerKeys, Buffer>();

function decoyOf(keys: LedgerKeys): Buffer {
  const known = decoys.get(keys);
  if (known) return known;
  const decoy = seal(keys, nobody, '09-------x');
  decoys.set(keys, decoy);
  return decoy;
}

function sameDigits(mobile: string, lastThree: string): boolean {
  const given = Buffer.from(lastThree.normalize('NFKC').trim());
  const kept = Buffer.from(mobile.slice(-3));
  return timingSafeEqual(kept, given.length === kept.length ? given : Buffer.alloc(kept.length));
}

function viewOf(keys: LedgerKeys, row: LookupRow): LookupView | undefined {
  const { person_key, person_number_id, number_cipher, name_cipher, contact_id, mobile_cipher } = row;
  const { appointment_number, booked_at, starts_at, ends_at } = row;
  if (!person_key || !person_number_id || !number_cipher || !name_cipher || !contact_id || !mobile_cipher)
    return undefined;
  if (!appointment_number || !booked_at || !starts_at || !ends_at) return undefined;
  return {
    status: statusOf(row.status, starts_at, row.now),
    appointmentNumber: appointment_number,
    bookedAt: booked_at.toISOString(),
    maskedPersonNumber: maskPersonNumberForLookup(unseal(keys, person_number_id, number_cipher)),
    maskedName: maskName(unseal(keys, person_key, name_cipher)),
    maskedMobile: maskMobile(unseal(keys, contact_id, mobile_cipher)),
    startsAt: starts_at.toISOString(),
    endsAt: ends_at.toISOString(),
    site: {
      nameZh: row.name_zh ?? '',
      nameEn: row.name_en ?? '',
      addressZh: row.address_zh ?? '',
      addressEn: row.address_en ?? '',
      phone: row.phone ?? '',
      noteZh: row.note_zh ?? '',
      noteEn: row.note_en ?? '',
    },
  };
}

function statusOf(status: string | null, startsAt: Date, now: Date): LookupView['status'] {
  if (status === 'cancelled') return 'cancelled';
  // Any session of the same day still serves, so it is the day that ends it.
  const dayIsOver = taipeiDateOf(now.toISOString()) > taipeiDateOf(startsAt.toISOString());
  return status === 'booked' && !dayIsOver ? 'stands' : 'over';
}
