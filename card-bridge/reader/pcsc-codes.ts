/** What the reader service's error codes mean for somebody who holds a card in their hand. */

/** Why a card was not read; each is a sentence with a way on at the page. */
export const readProblems = [
  'noBinding',
  'noDaemon',
  'noReader',
  'noCard',
  'cardUnreadable',
  'professionalCard',
  'otherCard',
  'cardPulled',
  'readerBusy',
  'readerStuck',
  'virtualReader',
] as const;
export type ReadProblem = (typeof readProblems)[number];

/** Codes that need more than a name. */
export const pcscCodes = {
  cancelled: 0x80100002,
  /** Another program reset the card: what we had selected is gone, and everything is asked anew. */
  resetByOther: 0x80100068,
  /** Another program has the card, perhaps only for a moment: many look at every card that comes in. */
  heldByOther: 0x8010000b,
  /** No protocol in common with the card; while it is spoken to, that another program's reset took the agreed one back. */
  protocolNotAgreed: 0x8010000f,
  /** The exchange broke; whether the card was pulled shows in the reader's next status. */
  notTransacted: 0x80100016,
  commandLost: 0x8010002f,
} as const;

/** Source: the list of return codes that PC/SC Lite and Windows share. */
const problemOfCode: Readonly<Record<number, ReadProblem>> = {
  0x80100009: 'noReader', // unknown reader
  0x8010000b: 'readerBusy', // sharing violation
  0x8010000c: 'noCard',
  0x8010000f: 'cardUnreadable', // no protocol in common
  0x80100013: 'noDaemon', // the service ended while it was asked
  0x80100017: 'noReader', // reader unavailable
  0x8010001d: 'noDaemon',
  0x8010001e: 'noDaemon', // service stopped
  0x8010002e: 'noReader',
  0x80100065: 'cardUnreadable', // unsupported card
  0x80100066: 'cardUnreadable', // the card does not answer to reset: upside down, dirty or broken
  0x80100067: 'cardUnreadable', // the card has no power
  0x80100069: 'cardPulled',
};

/** The problem that a code stands for; a code that nobody foresaw means that the card could not be read. */
export function problemOfPcscCode(code: number): ReadProblem {
  return problemOfCode[code] ?? 'cardUnreadable';
}
