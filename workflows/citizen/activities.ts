/** What a citizen's workflow needs from the ledger: two idempotent commands, run as local activities. */
import type { Instant } from '../../domain/civil-time/plain-date';
import type { ObligationAnswer, ObligationKind } from '../../domain/lifecycle/obligations';

export interface CitizenActivities {
  /** Has the obligation met, once; the ledger decides whether it is owed, due, or met before. */
  meetObligation(
    personKey: string,
    obligation: { readonly kind: ObligationKind; readonly occasion: string },
  ): Promise<ObligationAnswer>;

  /**
   * Notes that the run is about to end because nothing is due for days; the relay wakes the person at `wakeAt`, if
   * anything is due then. False when the ledger holds a newer version, whose snapshot is then on its way.
   */
  fallAsleep(personKey: string, version: number, wakeAt: Instant | null): Promise<boolean>;
}
