/** Names and types of what is said to the workflow of a freed place. */
import { defineQuery, defineSignal } from '@temporalio/workflow';

import type { Instant } from '../../domain/civil-time/plain-date';

/** The workflow's type, as the carrier starts it. */
export const placeOfferWorkflow = 'placeOffer';

/** One workflow per place that was given back. */
export function placeOfferWorkflowId(freedPlaceId: string): string {
  return `place-offer/${freedPlaceId}`;
}

/** The place was freed or its offer answered; carries the stepping clock's offset in milliseconds, 0 in production. */
export const placeChanged = defineSignal<[number]>('placeChanged');

/** What the run waits for, for tests and operations. */
export interface PlaceOutlook {
  readonly until: Instant | null;
}

export const placeOutlook = defineQuery<PlaceOutlook>('placeOutlook');
