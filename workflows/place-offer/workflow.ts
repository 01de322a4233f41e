/** One place that somebody gave back: offered down the waiting list, each offer with a deadline, then passed on. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { PlaceOfferActivities, PlaceStepAnswer } from './activities';
import { placeChanged, placeOutlook } from './messages';

/** Between two questions when the ledger's clock is behind the engine's. */
const soonestMs = 1_000;

const { passPlaceOn } = proxyLocalActivities<PlaceOfferActivities>({
  // A list of a county is read and ranked for each offer.
  startToCloseTimeout: '1 minute',
  // The ledger may be away for hours; the command is idempotent, so asking goes on for as long as it takes.
  retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  localRetryThreshold: '5 seconds',
});

const words: Record<PlaceStepAnswer['answer'], string> = {
  offered: 'offered, answer awaited',
  waits: 'nobody is disturbed at night',
  taken: 'taken',
  givenBack: 'given back to everybody',
};

/** From the cancellation until the place is taken or given back. `clockOffsetMs` is what an earlier run had heard. */
export async function placeOffer(freedPlaceId: string, clockOffsetMs = 0): Promise<void> {
  let offsetMs = clockOffsetMs;
  let changes = 0;
  let until: string | null = null;
  setHandler(placeChanged, (heardMs) => {
    offsetMs = Math.max(offsetMs, heardMs);
    changes += 1;
  });
  setHandler(placeOutlook, () => ({ until }));

  for (;;) {
    const known = changes;
    const step = await passPlaceOn.executeWithOptions({ summary: 'pass the place on' }, [freedPlaceId]);
    if (!('until' in step)) {
      setCurrentDetails(`- ${words[step.answer]}`);
      break;
    }
    until = step.until;
    setCurrentDetails(`- ${words[step.answer]}, until ${step.until}`);
    const waitMs = Math.max(soonestMs, Date.parse(step.until) - (Date.now() + offsetMs));
    await condition(() => changes !== known, waitMs, { summary: words[step.answer] });
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof placeOffer>(freedPlaceId, offsetMs);
    }
  }
  await condition(allHandlersFinished);
}
