/** Everything that the worker of the casework queue carries out for workflows. */
import type { Ledger } from '../ledger/database';
import type { CardAccountActivities } from '../workflows/card-account/activities';
import { cardAccountActivities } from './card-account';

export function caseworkActivities(ledger: Ledger): CardAccountActivities {
  return { ...cardAccountActivities(ledger) };
}
