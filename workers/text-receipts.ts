/** Records delivery receipts in batches; each is acknowledged to the gateway only once it stands in the ledger. */
import { setTimeout as pause } from 'node:timers/promises';

import type { SmsGateway, SmsReceipt } from '../gateways/sms/port';
import type { Ledger } from '../ledger/database';
import { recordReceipts, textMeant, type ReceiptAnswer } from '../ledger/text-receipt';
import { BatchedWork } from './batched-work';

const largestBatch = 500;
const lingerMs = 20;
/** Another sender may have submitted the text and be about to record its gateway id. */
const strangerPatienceMs = 1_000;

export interface ReceiptRecorderParts {
  readonly ledger: Ledger;
  readonly gateway: SmsGateway;
  /** Resolves when the outcomes that came before the receipt are recorded. */
  readonly outcomesRecorded: () => Promise<void>;
  readonly told: (answer: ReceiptAnswer) => void;
}

/** Listens to the gateway from now on; the function returned ends that. */
export function recordReceiptsOf(parts: ReceiptRecorderParts): () => void {
  const batches = new BatchedWork<SmsReceipt, ReceiptAnswer>({
    async work(receipts) {
      await parts.outcomesRecorded();
      return recordReceipts(parts.ledger.db, receipts);
    },
    keyOf: textMeant,
    largest: largestBatch,
    lingerMs,
  });
  return parts.gateway.onReceipt(async (receipt) => {
    let answer = await batches.add(receipt);
    if (answer === 'unknownText') {
      await pause(strangerPatienceMs);
      answer = await batches.add(receipt);
    }
    parts.told(answer);
  });
}
