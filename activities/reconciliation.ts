/** What the reconciler does: pokes the overdue, sweeps the spent, and sees that every open round has its workflow and follows imports. */
import { activityInfo, metricMeter } from '@temporalio/activity';

import { ensureAuditPartitions } from '../ledger/audit';
import { sweepChallenges } from '../ledger/challenge';
import { pokeOverdue } from '../ledger/citizen-outbox';
import type { Ledger } from '../ledger/database';
import { pokeOverduePlaces } from '../ledger/freed-place';
import { sweepAnswers } from '../ledger/idempotency';
import { pokeOpenWaves } from '../ledger/invitation-wave';
import { commitDraws } from '../ledger/leftover-draw';
import { readRounds, roundsChangedLately } from '../ledger/round';
import { sweepEndedSessions } from '../ledger/session';
import { countOverdueSettlements } from '../ledger/settlement';
import type { Overdue, ReconciliationActivities } from '../workflows/reconciliation/activities';

/** Effects later than this are overdue; a relay catching up after an outage is not yet a reason to poke. */
const graceMs = 3 * 60_000;
/** A country is settled in half a minute; one that takes longer than this most likely fails again and again. */
const settlementGraceMs = 10 * 60_000;
/** Longer than two runs lie apart, so that one run left out is no news lost; to be told twice does a round no harm. */
const changedLatelyMs = 10 * 60_000;
/** No session outlives two hours. */
const sessionLifeMs = 2 * 3_600_000;

export interface ReconciliationParts {
  readonly ledger: Ledger;
  /** Starts the round's workflow where none is open. */
  readonly ensureRound: (roundId: string) => Promise<void>;
  /** Has the round's workflow read its facts afresh, starting it where none is open. */
  readonly tellRoundChanged: (roundId: string) => Promise<void>;
  /** Raises the alarm: people stay overdue although they were poked several times. */
  readonly alarm: (overdue: Overdue) => void;
}

export function reconciliationActivities(parts: ReconciliationParts): ReconciliationActivities {
  const { ledger } = parts;
  return {
    async pokeOverdue() {
      const overdue = await pokeOverdue(ledger.db, { graceMs });
      await pokeOverduePlaces(ledger.db, { graceMs });
      await pokeOpenWaves(ledger.db);
      gauge('reconciliation_persistent_overdue', 'People overdue after several pokes').set(
        overdue.persistent,
      );
      gauge('reconciliation_unsent', 'People whose change the relay has not carried in time').set(
        overdue.unsent,
      );
      gauge('reconciliation_settlements_overdue', 'Rounds whose settlement should have been carried out').set(
        await countOverdueSettlements(ledger.db, settlementGraceMs),
      );
      if (overdue.persistent > 0) parts.alarm(overdue);
      return overdue;
    },
    async sweepSpent() {
      return {
        idempotentAnswers: await sweepAnswers(ledger),
        spentChallenges: await sweepChallenges(ledger),
        endedSessions: await sweepEndedSessions(ledger, sessionLifeMs),
        partitionsMade: await ensureAuditPartitions(ledger.db),
      };
    },
    async ensureRounds() {
      const rounds = await readRounds(ledger.db);
      await commitDraws(ledger);
      const changed = await roundsChangedLately(ledger.db, changedLatelyMs);
      for (const { roundId } of rounds) {
        await (changed.has(roundId) ? parts.tellRoundChanged(roundId) : parts.ensureRound(roundId));
      }
      return rounds.length;
    },
  };
}

function gauge(name: string, description: string) {
  return metricMeter
    .withTags({ task_queue: activityInfo().taskQueue })
    .createGauge(name, 'int', undefined, description);
}
