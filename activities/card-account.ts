/** What the workflow of a card account asks of the ledger. */
import { lookAfterApplication } from '../ledger/card-account-application';
import type { Ledger } from '../ledger/database';
import type { CardAccountActivities } from '../workflows/card-account/activities';

export function cardAccountActivities(ledger: Ledger): CardAccountActivities {
  return { lookAfterApplication: (personKey) => lookAfterApplication(ledger, personKey) };
}
