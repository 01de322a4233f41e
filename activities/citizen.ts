/** What a citizen's workflow asks of the ledger. */
import { fallAsleep } from '../ledger/citizen-outbox';
import type { Ledger } from '../ledger/database';
import { meetObligation } from '../ledger/obligation';
import type { CitizenActivities } from '../workflows/citizen/activities';

export function citizenActivities(ledger: Ledger): CitizenActivities {
  return {
    meetObligation: (personKey, obligation) => meetObligation(ledger, personKey, obligation),
    fallAsleep: (personKey, version, wakeAt) => fallAsleep(ledger.db, personKey, version, wakeAt),
  };
}
