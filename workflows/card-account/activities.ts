/** What the workflow of a card account needs from the ledger: one idempotent command, run as a local activity. */
import type { Instant } from '../../domain/civil-time/plain-date';

/** What there is to wait for with a person's application, by the ledger's clock. */
export type AccountLook =
  | { readonly answer: 'waits'; readonly until: Instant }
  /** Confirmed, deleted, deactivated: nothing waits. */
  | { readonly answer: 'settled' };

export interface CardAccountActivities {
  /** Reminds of an application, or deletes it, whatever is due; asked again it goes on from what is there. */
  lookAfterApplication(personKey: string): Promise<AccountLook>;
}
