/** Everything that the workers of the citizens' task queue carry out for workflows. */
import type { Ledger } from '../ledger/database';
import type { CitizenActivities } from '../workflows/citizen/activities';
import type { ClosureActivities } from '../workflows/closure/activities';
import type { InvitationWaveActivities } from '../workflows/invitation-wave/activities';
import type { PlaceOfferActivities } from '../workflows/place-offer/activities';
import type { ReconciliationActivities } from '../workflows/reconciliation/activities';
import type { RoundActivities } from '../workflows/round/activities';
import { citizenActivities } from './citizen';
import { closureActivities } from './closure';
import { invitationWaveActivities } from './invitation-wave';
import { placeOfferActivities } from './place-offer';
import { reconciliationActivities, type ReconciliationParts } from './reconciliation';
import { roundActivities } from './round';

export type Activities = CitizenActivities &
  ClosureActivities &
  RoundActivities &
  PlaceOfferActivities &
  InvitationWaveActivities &
  ReconciliationActivities;

export function createActivities(parts: ReconciliationParts & { readonly ledger: Ledger }): Activities {
  return {
    ...citizenActivities(parts.ledger),
    ...closureActivities(parts.ledger),
    ...roundActivities(parts.ledger),
    ...placeOfferActivities(parts.ledger),
    ...invitationWaveActivities(parts.ledger),
    ...reconciliationActivities(parts),
  };
}
