/** Whether a person of the insurance registry takes part in anything here. */
import type { LedgerReader } from './database';

/** True when the person has a part in any round; asked before anything of a stranger is kept. */
export async function hasParticipation(db: LedgerReader, registryPersonId: string): Promise<boolean> {
  const row = await db
    .selectFrom('person')
    .innerJoin('participation', 'participation.person_key', 'person.person_key')
    .select('participation.round_id')
    .where('person.registry_person_id', '=', registryPersonId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
