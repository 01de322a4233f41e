/** What a round's workflow needs from the ledger: its facts, and the set-based steps. */
import type { Instant } from '../../domain/civil-time/plain-date';
import type { RoundCalendarFacts, RoundStep, RoundStepName } from '../../domain/round/round-calendar';

export interface RoundFacts {
  readonly calendar: RoundCalendarFacts;
  readonly closed: boolean;
  /** The stepping clock's offset; 0 in production. */
  readonly clockOffsetMs: number;
}

/** `touched` counts the people concerned. `notDue`: the ledger's clock is behind; ask again then. */
export type RoundStepAnswer =
  | { readonly answer: 'done'; readonly touched: number }
  | { readonly answer: 'notDue'; readonly until: Instant };

/** Takes one step for the whole round; may be asked again at any time, and goes on where it stopped. */
export type RoundStepActivity = (roundId: string, step: RoundStep) => Promise<RoundStepAnswer>;

/** A settlement's own steps, in their order; each may be asked again at any time. */
export const settlementSteps = ['beginSettlement', 'decideSettlement', 'carryOutSettlement'] as const;
export type SettlementStepName = (typeof settlementSteps)[number];

export type RoundActivities = {
  readRoundFacts(roundId: string): Promise<RoundFacts>;
} & Record<SettlementStepName, RoundStepActivity> &
  Record<RoundStepName, RoundStepActivity>;
