/** How a text whose fate is unknown is settled without sending it twice where the protocol allows that. */
import type { OutgoingSms, SendOutcome, SmsGateway } from './port';

/** The outcome of a second attempt; `mayHaveRepeated` is what the count of possible duplicates adds up. */
export interface Resubmission {
  readonly outcome: SendOutcome;
  readonly mayHaveRepeated: boolean;
}

/**
 * Settles an `unknown` outcome: asks where the protocol can be asked, and otherwise submits the same message
 * under the same reference.
 *
 * @param unknownForMs how long ago the submission with the unknown outcome went out
 */
export async function sendAgain(
  gateway: SmsGateway,
  message: OutgoingSms,
  unknownForMs: number,
): Promise<Resubmission> {
  if (gateway.canQuery) {
    const answer = await gateway.query(message.textMessageId);
    if (answer.kind === 'accepted') {
      return {
        outcome: { kind: 'duplicate', gatewayMessageId: answer.gatewayMessageId },
        mayHaveRepeated: false,
      };
    }
    if (answer.kind === 'notFound') {
      return { outcome: await gateway.send(message), mayHaveRepeated: false };
    }
  }
  const outcome = await gateway.send(message);
  const wentOut = outcome.kind === 'accepted' || outcome.kind === 'unknown';
  return { outcome, mayHaveRepeated: wentOut && unknownForMs >= gateway.dedupeMemoryMs };
}
