/** Names and types of what is said to the workflow of a card account. */
import { defineQuery, defineSignal } from '@temporalio/workflow';

import type { Instant } from '../../domain/civil-time/plain-date';

/** The workflow's type, as the carrier starts it. */
export const cardAccountWorkflow = 'cardAccount';

/** Casework has a task queue and a process of its own: it neither waits behind the citizens' runs nor delays them. */
export const caseworkTaskQueue = 'casework';

/** One workflow per person whose application awaits confirmation; it ends when nothing waits. */
export function cardAccountWorkflowId(personKey: string): string {
  return `card-account/${personKey}`;
}

/** Applied for, confirmed, deleted; carries the stepping clock's offset in milliseconds, 0 in production. */
export const accountChanged = defineSignal<[number]>('accountChanged');

/** What the run waits for, for tests and operations. */
export interface AccountOutlook {
  readonly until: Instant | null;
}

export const accountOutlook = defineQuery<AccountOutlook>('accountOutlook');
