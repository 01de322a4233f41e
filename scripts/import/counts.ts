/** What an import did, counted. */

/** Of one kind of record. `leftAlone` were loaded before and do not stand in these files. */
export interface Counts {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly leftAlone: number;
}

/** What one import did. */
export interface ImportReport {
  readonly roundId: string;
  /** The round itself with its products, intervals and booking windows, as one record. */
  readonly round: Counts;
  readonly sites: Counts;
  readonly sessions: Counts;
  readonly supply: Counts;
  readonly people: Counts;
}
