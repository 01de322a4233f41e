/** What the reconciler needs: to poke what is overdue, to sweep what is spent, to see that every round has its workflow. */

/**
 * Whose effect is overdue: `poked` are sent to the engine again, `persistent` stayed so after several pokes;
 * `unsent` wait for the relay longer than they should.
 */
export interface Overdue {
  readonly poked: number;
  readonly persistent: number;
  readonly unsent: number;
}

/** Rows removed, and day partitions made ahead. */
export interface Swept {
  readonly idempotentAnswers: number;
  readonly spentChallenges: number;
  readonly endedSessions: number;
  readonly partitionsMade: number;
}

export interface ReconciliationActivities {
  pokeOverdue(): Promise<Overdue>;
  sweepSpent(): Promise<Swept>;
  /**
   * Starts the workflow of every round that is not closed and has none, and tells those that an import changed
   * lately; answers how many rounds are open.
   */
  ensureRounds(): Promise<number>;
}
