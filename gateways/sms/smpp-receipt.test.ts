import * as fc from 'fast-check';
import { PDU } from 'smpp';
import { defaultReferenceTag, referenceTlv } from './reference-tlv';
import { readReceipt } from './smpp-receipt';

const tlv = referenceTlv(defaultReferenceTag);
const arrivedAt = new Date('2021-06-15T07:00:00Z');
const reference = '8a1f6c1e-55f4-4b6e-9d43-0c7b2a1d9e10';
const text =
  'id:00000A7F sub:001 dlvrd:001 submit date:2106151425 done date:2106151430 stat:DELIVRD err:000 text:';

/** A deliver_sm as it is after a journey over the wire. */
function delivered(fields: Record<string, unknown>): PDU {
  const bytes = new PDU('deliver_sm', { esm_class: 4, data_coding: 0, ...fields }).toBuffer();
  return new PDU(bytes as unknown as string);
}

describe('SMPP delivery receipts', () => {
  test('the TLVs tell message, end and our reference', () => {
    const pdu = delivered({
      short_message: Buffer.from(text),
      receipted_message_id: 'ABC-1',
      message_state: 3,
      [tlv.reference]: reference,
    });
    expect(readReceipt(pdu, tlv, arrivedAt)).toEqual({
      gatewayMessageId: 'ABC-1',
      textMessageId: reference,
      status: 'expired',
      at: new Date('2021-06-15T06:30:00Z'),
    });
  });

  test('without TLVs the text tells it', () => {
    const pdu = delivered({ short_message: Buffer.from(text) });
    expect(readReceipt(pdu, tlv, arrivedAt)).toEqual({
      gatewayMessageId: '00000A7F',
      status: 'delivered',
      at: new Date('2021-06-15T06:30:00Z'),
    });
  });

  test.each([
    ['DELIVRD', 'delivered'],
    ['EXPIRED', 'expired'],
    ['DELETED', 'deleted'],
    ['UNDELIV', 'failed'],
    ['UNKNOWN', 'unknown'],
    ['REJECTD', 'rejected'],
  ])('stat:%s is %s', (word, status) => {
    const pdu = delivered({ short_message: Buffer.from(text.replace('DELIVRD', word)) });
    expect(readReceipt(pdu, undefined, arrivedAt)?.status).toBe(status);
  });

  test.each(['ENROUTE', 'ACCEPTD', 'NONSENSE'])('stat:%s is no end', (word) => {
    const pdu = delivered({ short_message: Buffer.from(text.replace('DELIVRD', word)) });
    expect(readReceipt(pdu, undefined, arrivedAt)).toBeUndefined();
  });

  test('an unreadable date gives the time of arrival', () => {
    const pdu = delivered({ short_message: Buffer.from(text.replace('2106151430', '9999999999')) });
    expect(readReceipt(pdu, undefined, arrivedAt)?.at).toEqual(arrivedAt);
  });

  test("a citizen's reply is no receipt, whatever it says", () => {
    const pdu = delivered({ esm_class: 0, short_message: Buffer.from(text) });
    expect(readReceipt(pdu, tlv, arrivedAt)).toBeUndefined();
  });

  test('a reference that is not ours is left out', () => {
    const pdu = delivered({ short_message: Buffer.from(text), [tlv.reference]: 'DROP TABLE text_message' });
    expect(readReceipt(pdu, tlv, arrivedAt)).not.toHaveProperty('textMessageId');
  });

  test('no bytes of any coding make it throw or yield a senseless id', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    const coding = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(bytes, coding, fc.option(bytes), (message, dataCoding, id) => {
        const pdu = delivered({
          data_coding: dataCoding,
          short_message: message,
          ...(id ? { receipted_message_id: Buffer.concat([id, Buffer.of(0)]), message_state: 2 } : {}),
        });
        const found = readReceipt(pdu, tlv, arrivedAt)?.gatewayMessageId ?? 'none';
        expect(found).toMatch(/^[\x21-\x7e]{1,65}$/);
      }),
      { numRuns: 500 },
    );
  });
});
