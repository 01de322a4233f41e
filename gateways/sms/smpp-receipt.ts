/** Reads a delivery receipt out of a deliver_sm, from its TLVs or from the customary text. */
import type { PDU } from 'smpp';
import { readGatewayTime } from './gateway-time';
import type { ReceiptStatus, SmsReceipt } from './port';
import { referenceOf, type ReferenceTlv } from './reference-tlv';

/** Bits 2 to 5 of esm_class hold the type of message; 1 there is a delivery receipt (SMPP 3.4 §5.2.12). */
const messageTypeBits = 0x3c;
const receiptType = 0x04;

/** The message_state TLV (§5.2.28); states on the way (0, 1, 6) are no receipts to us. */
const statusOfState: Readonly<Record<number, ReceiptStatus>> = {
  2: 'delivered',
  3: 'expired',
  4: 'deleted',
  5: 'failed',
  7: 'unknown',
  8: 'rejected',
};

/** The `stat:` word of the text form (appendix B). */
const statusOfWord: Readonly<Record<string, ReceiptStatus>> = {
  DELIVRD: 'delivered',
  EXPIRED: 'expired',
  DELETED: 'deleted',
  UNDELIV: 'failed',
  UNKNOWN: 'unknown',
  REJECTD: 'rejected',
};

const inText = {
  id: /\bid:([\x21-\x7e]{1,65})/i,
  status: /\bstat:([a-z]{4,8})/i,
  done: /\bdone date:(\d{10,12})\b/i,
} as const;

/**
 * The receipt in a deliver_sm; undefined for a citizen's reply, a state on the way, or bytes that make no
 * sense. Nothing here trusts the sender: whatever the fields hold, the answer is a receipt or undefined.
 */
export function readReceipt(
  pdu: PDU,
  tlv: ReferenceTlv | undefined,
  arrivedAt: Date,
): SmsReceipt | undefined {
  if (((Number(pdu.esm_class) || 0) & messageTypeBits) !== receiptType) {
    return undefined;
  }
  const text = textOf(pdu.short_message) || textOf(pdu.message_payload);
  const gatewayMessageId = printableStart(pdu.receipted_message_id) ?? inText.id.exec(text)?.[1];
  const status = statusOf(pdu.message_state, inText.status.exec(text)?.[1]);
  if (gatewayMessageId === undefined || status === undefined) {
    return undefined;
  }
  const textMessageId = tlv && referenceOf(pdu, tlv);
  return {
    gatewayMessageId,
    ...(textMessageId === undefined ? {} : { textMessageId }),
    status,
    at: readGatewayTime(inText.done.exec(text)?.[1] ?? '') ?? arrivedAt,
  };
}

function statusOf(state: unknown, word: string | undefined): ReceiptStatus | undefined {
  if (typeof state === 'number') {
    return statusOfState[state];
  }
  return word === undefined ? undefined : statusOfWord[word.toUpperCase()];
}

/** The library decodes what it can and leaves bytes of codings that it does not know. */
function textOf(field: unknown): string {
  const message = typeof field === 'object' && field !== null && 'message' in field ? field.message : field;
  if (Buffer.isBuffer(message)) {
    return message.toString('latin1');
  }
  return typeof message === 'string' ? message : '';
}

/** Ids are C strings; some centres forget the final zero, and then bytes of the next TLV follow. */
function printableStart(field: unknown): string | undefined {
  return typeof field === 'string' ? /^[\x21-\x7e]{1,65}/.exec(field)?.[0] : undefined;
}
