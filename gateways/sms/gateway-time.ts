/** Times as Taiwan's gateways write them: digits of Taipei's wall clock, without a zone. */

/** Taiwan keeps UTC+8 all year, so a fixed offset is exact. */
const taipei = '+08:00';
const digitsOfTime = /^(\d{2,4}?)(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?$/;

/**
 * Reads `yyMMddHHmm`, `yyMMddHHmmss` (SMPP receipts) or `yyyyMMddHHmmss` (HTTP). Undefined when the digits
 * are no such time; callers then take the time of arrival.
 */
export function readGatewayTime(digits: string): Date | undefined {
  const match = ![10, 12, 14].includes(digits.length) ? null : digitsOfTime.exec(digits);
  if (!match) {
    return undefined;
  }
  const [, year = '', month, day, hour, minute, second = '00'] = match;
  const text = `${year.length === 2 ? `20${year}` : year}-${month}-${day}T${hour}:${minute}:${second}${taipei}`;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Writes `yyyyMMddHHmmss` in Taipei's wall clock. */
export function writeGatewayTime(time: Date): string {
  const shifted = new Date(time.getTime() + 8 * 3_600_000);
  return shifted.toISOString().replace(/\D/g, '').slice(0, 14);
}
