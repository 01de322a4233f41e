/** What the booking benchmark compares: ways to book behind one and the same HTTP app, each with the same duties. */
import type { Pool } from 'pg';

import type { Outcome } from '../../../domain/refusal/refusals';
import type { BookingWish } from '../../../ledger/booking';
import type { BookedAppointment } from '../../../ledger/booking-batch';
import type { CommandContext } from '../../../ledger/citizen-command';
import type { Ledger } from '../../../ledger/database';

/**
 * `ours`: the product's batches. `plain`: one statement a request, the best way without batches. `textbook`: a
 * transaction a request that opens with SELECT … FOR UPDATE.
 */
export type ContenderName = 'ours' | 'plain' | 'textbook';

/** A contender as one process runs it. */
export interface Contender {
  readonly name: ContenderName;
  /** Connections that book in each process; for `ours` the lanes of its batches. */
  readonly connections: number;
}

export type BookingHandler = (
  context: CommandContext,
  wish: BookingWish,
) => Promise<Outcome<BookedAppointment>>;

/** Makes a handler on a pool of its own. */
export type HandlerMaker = (ledger: Ledger, pool: Pool) => BookingHandler;
