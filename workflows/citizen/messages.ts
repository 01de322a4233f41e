/** Names and types of what is said to a citizen's workflow. */
import { defineQuery, defineSignal } from '@temporalio/workflow';

import type { Instant } from '../../domain/civil-time/plain-date';
import type { ObligationKind } from '../../domain/lifecycle/obligations';
import type { CitizenSnapshot } from '../../domain/lifecycle/snapshot';

/** The workflow's type, as the relay starts it. */
export const citizenWorkflow = 'citizen';

/** One durable workflow per person; the key is opaque. */
export function citizenWorkflowId(personKey: string): string {
  return `citizen/${personKey}`;
}

/** The whole state of the person after a change. Only the relay sends it: twice, late or out of order does no harm. */
export const citizenChanged = defineSignal<[CitizenSnapshot]>('citizenChanged');

/** What the run waits for, for tests and operations; citizens' pages read the ledger. */
export interface CitizenOutlook {
  /** Version of the snapshot that the run holds; 0 before the first came. */
  readonly version: number;
  readonly next: { readonly kind: ObligationKind; readonly dueAt: Instant } | null;
}

export const citizenOutlook = defineQuery<CitizenOutlook>('citizenOutlook');
