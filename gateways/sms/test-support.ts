/** What the tests of the SMS gateways share: texts to send, and waiting for something to come true. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingSms, SmsGateway, SmsReceipt } from './port';

/** A text to a synthetic citizen, with a new reference. */
export function aText(fields: Partial<OutgoingSms> = {}): OutgoingSms {
  return {
    textMessageId: randomUUID(),
    mobile: '0912000345',
    body: '345 指揮中心：您可以預約了。',
    ...fields,
  };
}

/** Waits until the condition holds. @throws Error when it does not within `withinMs` */
export async function eventually(condition: () => boolean, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error('the condition did not come true in time');
    }
    await sleep(10);
  }
}

/** Waits until a count has stayed the same for `forMs`, and answers it. @throws Error when it never does */
export async function atRest(count: () => number, forMs = 200): Promise<number> {
  let seen = count();
  let since = Date.now();
  await eventually(() => {
    if (count() !== seen) {
      seen = count();
      since = Date.now();
    }
    return Date.now() - since >= forMs;
  });
  return seen;
}

/** The receipts that a gateway has handed over so far. */
export function receiptsOf(gateway: SmsGateway): readonly SmsReceipt[] {
  const receipts: SmsReceipt[] = [];
  gateway.onReceipt((receipt) => {
    receipts.push(receipt);
  });
  return receipts;
}
