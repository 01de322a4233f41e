/** What the workflow of a freed place asks of the ledger. */
import type { Ledger } from '../ledger/database';
import { passPlaceOn } from '../ledger/place-offer';
import type { PlaceOfferActivities } from '../workflows/place-offer/activities';

export function placeOfferActivities(ledger: Ledger): PlaceOfferActivities {
  return { passPlaceOn: (freedPlaceId) => passPlaceOn(ledger, freedPlaceId) };
}
