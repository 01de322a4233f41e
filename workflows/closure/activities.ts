/** What the workflow of a closure needs from the ledger: one command that goes on from wherever it was stopped. */
export interface ClosureActivities {
  /** Withdraws offers in the closed windows and cancels their appointments, all that are left. */
  carryOutClosure(closureId: string): Promise<{ readonly cancelled: number }>;
}
