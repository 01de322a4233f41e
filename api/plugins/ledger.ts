/** The ledger for routes and pages, with the rounds and the ledger's time kept for at most a second. */
import fp from 'fastify-plugin';

import type { Instant } from '../../domain/civil-time/plain-date';
import type { Round } from '../../domain/round/round';
import { ledgerNow } from '../../ledger/clock';
import type { Ledger } from '../../ledger/database';
import { readRounds } from '../../ledger/round';

declare module 'fastify' {
  interface FastifyInstance {
    readonly ledger: Ledger;
    /** All rounds that are not closed, at most a second old. */
    rounds(): Promise<readonly Round[]>;
    /** The ledger's time: the stepping clock's in demonstration and test, the database's own in production. */
    ledgerNow(): Promise<Instant>;
  }
}

interface Reading {
  readonly rounds: readonly Round[];
  /** Ledger time minus this machine's. */
  readonly aheadMs: number;
  readonly readAt: number;
}

const freshForMs = 1_000;

export interface LedgerPluginOptions {
  readonly ledger: Ledger;
}

/** Decorates the app with `ledger`, `rounds()` and `ledgerNow()`. */
export const ledgerPlugin = fp<LedgerPluginOptions>(
  async (app, { ledger }) => {
    let held: Reading | undefined;
    let reading: Promise<Reading> | undefined;

    const read = async (): Promise<Reading> => {
      const rounds = await readRounds(ledger.db);
      const now = await ledgerNow(ledger.db);
      held = { rounds, aheadMs: Date.parse(now) - Date.now(), readAt: performance.now() };
      return held;
    };
    // Many requests at once wait for one reading instead of each starting its own.
    const fresh = (): Promise<Reading> => {
      if (held && performance.now() - held.readAt < freshForMs) return Promise.resolve(held);
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return reading;
    };

    app.decorate('ledger', ledger);
    app.decorate('rounds', async () => (await fresh()).rounds);
    app.decorate('ledgerNow', async () => {
      const { aheadMs } = await fresh();
      return new Date(Date.now() + aheadMs).toISOString();
    });
  },
  { name: 'ledger' },
);
