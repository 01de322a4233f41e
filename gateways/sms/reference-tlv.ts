/** The vendor TLV in which our reference travels over SMPP, for gateways that dedupe by one. */
import { addTLV, types, type PDU } from 'smpp';

/** SMPP 3.4 §5.3.2 leaves tags 0x1400 to 0x3FFF to the vendors of SMS centres. */
export const vendorTags = { first: 0x1400, last: 0x3fff } as const;

/** The tags of our own agreement, which the simulated centre follows. */
export const defaultReferenceTag = 0x1401;

/** Names under which the fields of a PDU are reached. */
export interface ReferenceTlv {
  /** Our textMessageId, as text; on submit_sm, and returned on the receipt. */
  readonly reference: string;
  /** One byte, 1 on the answer to a submission that the gateway had already; the tag after the reference's. */
  readonly duplicate: string;
}

const registered = new Map<number, ReferenceTlv>();

/**
 * Makes a pair of vendor tags known to the protocol library, whose tables are shared by the whole process.
 *
 * @throws RangeError when the tags lie outside the vendors' range
 */
export function referenceTlv(tag: number): ReferenceTlv {
  const known = registered.get(tag);
  if (known) {
    return known;
  }
  if (!Number.isInteger(tag) || tag < vendorTags.first || tag + 1 > vendorTags.last) {
    throw new RangeError('the reference TLV must have a tag of the vendor range 0x1400–0x3FFE');
  }
  const names = { reference: `reference_${tag}`, duplicate: `duplicate_${tag}` };
  addTLV(names.reference, { id: tag, type: types.tlv.string });
  addTLV(names.duplicate, { id: tag + 1, type: types.tlv.int8 });
  registered.set(tag, names);
  return names;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The reference that a PDU carries, if it carries one of our form. */
export function referenceOf(pdu: PDU, tlv: ReferenceTlv): string | undefined {
  const value = pdu[tlv.reference];
  return typeof value === 'string' && uuid.test(value) ? value : undefined;
}
