/** An application for a card account: waits for the word by e-mail, reminds once, and in the end deletes what nobody confirmed. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { CardAccountActivities } from './activities';
import { accountChanged, accountOutlook } from './messages';

/** Between two questions when the ledger's clock is behind the engine's. */
const soonestMs = 1_000;

const { lookAfterApplication } = proxyLocalActivities<CardAccountActivities>({
  // A few rows of one person.
  startToCloseTimeout: '15 seconds',
  // The ledger may be away for hours; the command is idempotent, so asking goes on for as long as it takes.
  retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  localRetryThreshold: '5 seconds',
});

/** From the application until it is confirmed or deleted. `clockOffsetMs` is what an earlier run had heard. */
export async function cardAccount(personKey: string, clockOffsetMs = 0): Promise<void> {
  let offsetMs = clockOffsetMs;
  let changes = 0;
  let until: string | null = null;
  setHandler(accountChanged, (heardMs) => {
    offsetMs = Math.max(offsetMs, heardMs);
    changes += 1;
  });
  setHandler(accountOutlook, () => ({ until }));

  for (;;) {
    const known = changes;
    const look = await lookAfterApplication.executeWithOptions({ summary: 'look after the application' }, [
      personKey,
    ]);
    if (look.answer === 'settled') {
      // What came while the ledger was asked may be a new application.
      if (changes !== known) continue;
      setCurrentDetails('- nothing waits');
      break;
    }
    until = look.until;
    setCurrentDetails(`- confirmation awaited; next step at ${look.until}`);
    const waitMs = Math.max(soonestMs, Date.parse(look.until) - (Date.now() + offsetMs));
    await condition(() => changes !== known, waitMs, { summary: 'confirmation awaited' });
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof cardAccount>(personKey, offsetMs);
    }
  }
  await condition(allHandlersFinished);
}
