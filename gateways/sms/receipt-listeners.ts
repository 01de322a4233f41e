/** The listeners of one gateway and the rule when a receipt counts as taken. */
import type { ReceiptListener, SmsReceipt } from './port';

export class ReceiptListeners {
  private readonly listeners = new Set<ReceiptListener>();

  add(listener: ReceiptListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** True when there is a listener and all of them recorded the receipt; only then may it be acknowledged. */
  async take(receipt: SmsReceipt): Promise<boolean> {
    if (this.listeners.size === 0) {
      return false;
    }
    const results = await Promise.allSettled([...this.listeners].map(async (listener) => listener(receipt)));
    return results.every((result) => result.status === 'fulfilled');
  }
}
