/** Everything that the workers of the citizens' task queue carry out for workflows. */
import type { Ledger } from '../ledger/database';
import type { CitizenActivities } from '../workflows/citizen/activities';
import type { ReconciliationActivities } from '../workflows/reconciliation/activities';
import type { RoundActivities } from '../workflows/round/activities';
import { citizenActivities } from './citizen';
import { reconciliationActivities, type ReconciliationParts } from './reconciliation';
import { roundActivities } from './round';

export type Activities = CitizenActivities & RoundActivities & ReconciliationActivities;

export function createActivities(parts: ReconciliationParts & { readonly ledger: Ledger }): Activities {
  return {
    ...citizenActivities(parts.ledger),
    ...roundActivities(parts.ledger),
    ...reconciliationActivities(parts),
  };
}
