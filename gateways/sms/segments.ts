/** How many segments a text costs and in which alphabet it travels. */
import { SegmentedMessage } from 'sms-segments-calculator';

/** GSM-7 holds 160 characters (153 a part), UCS-2 70 (67 a part); Chinese always needs UCS-2. */
export type SmsEncoding = 'GSM-7' | 'UCS-2';

export interface SegmentCount {
  readonly encoding: SmsEncoding;
  readonly segments: number;
}

/**
 * Counts a body as the carriers bill it (3GPP TS 23.038 alphabets, TS 23.040 concatenation with an 8-bit
 * reference). One character outside GSM-7 moves the whole text to UCS-2. An empty body costs nothing.
 */
export function countSegments(body: string): SegmentCount {
  if (body === '') {
    return { encoding: 'GSM-7', segments: 0 };
  }
  const { encodingName, segmentsCount } = new SegmentedMessage(body);
  return { encoding: encodingName, segments: segmentsCount };
}
