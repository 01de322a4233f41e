/** What the workflow of a freed place needs from the ledger: one idempotent command, run as a local activity. */
import type { Instant } from '../../domain/civil-time/plain-date';

/** What there is to do with a held place, by the ledger's clock. */
export type PlaceStepAnswer =
  | { readonly answer: 'taken' | 'givenBack' }
  /** `offered`: somebody has until then to answer. `waits`: nobody is disturbed before then. */
  | { readonly answer: 'offered' | 'waits'; readonly until: Instant };

export interface PlaceOfferActivities {
  /**
   * Ends an offer that ran out, offers the place to the next on the waiting list, or gives it back to everybody,
   * whatever is due; asked again it goes on from what is there.
   */
  passPlaceOn(freedPlaceId: string): Promise<PlaceStepAnswer>;
}
