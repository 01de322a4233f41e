/** What staff, or an elder's family, did in somebody's name is told to that person by text, besides the act's own acknowledgement. */
import { sql } from 'kysely';

import { assistedActs, type Assistant, type AssistedAct } from '../domain/text-message/assisted-acts';
import type { Ledger } from './database';
import { findContactFor, queueText } from './text-message';

/** A crash between an act and its text is made up for by a sweep that looks back this far. */
const lookBackHours = 6;

/**
 * Queues the texts of all acts of staff or family that were not told yet; of one person, or of everybody. Idempotent:
 * the occasion is the entry in the history. An elder reads of family at the mobile that was theirs when they agreed: the
 * newest may be the family's own. A child's texts go to the parent who acts, and would tell them what they did. Who
 * never gave a mobile cannot be told. Answers how many were queued.
 */
export async function tellOfAssistance(ledger: Ledger, personKey: string | null = null): Promise<number> {
  const { rows } = await sql<{
    audit_entry_id: number;
    person_key: string;
    act: AssistedAct;
    by: Assistant;
    contact_id: string | null;
    number: string | null;
  }>`
    select e.audit_entry_id, e.person_key, e.act, b.contact_id,
      case when b.family_bond_id is not null then 'family' when st.kind = 'hotline' then 'hotline' else 'counter' end as by,
      coalesce(e.detail ->> 'appointmentNumber', e.detail ->> 'registrationNumber', e.detail ->> 'ticket') as number
    from audit_entry e
    left join station st on e.actor = 'staff' and e.channel like 'station:%/staff:%'
      and st.station_id = split_part(substr(e.channel, 9), '/staff:', 1)
    left join family_bond b on b.kind = 'elder' and b.family_bond_id =
      case when e.channel like 'family:%/by:%' then substring(e.channel from 8 for 36)::uuid end
    where e.recorded_at > clock_timestamp() - ${lookBackHours} * interval '1 hour'
      and (e.channel like 'station:%/staff:%' or e.channel like 'family:%/by:%')
      and (st.station_id is not null or b.family_bond_id is not null) and e.act = any(${[...assistedActs]}::text[])
      and e.person_key is not null and (${personKey}::uuid is null or e.person_key = ${personKey}::uuid)
      and not exists (select from text_message t where t.person_key = e.person_key and t.purpose = 'assistedAct'
        and t.occasion = e.audit_entry_id::text)
    order by e.audit_entry_id
  `.execute(ledger.db);
  let queued = 0;
  for (const row of rows) {
    const told = await ledger.db.transaction().execute(async (tx) => {
      const contactId = row.contact_id ?? (await findContactFor(tx, row.person_key, null));
      if (contactId === undefined) return false;
      return queueText(tx, {
        personKey: row.person_key,
        purpose: 'assistedAct',
        occasion: String(row.audit_entry_id),
        contactId,
        parameters: { act: row.act, by: row.by, number: row.number },
      });
    });
    if (told) queued += 1;
  }
  return queued;
}
