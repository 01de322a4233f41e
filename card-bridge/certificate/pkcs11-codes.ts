/** What the codes of a PKCS#11 module mean for somebody who holds a card in their hand. */
import type { TokenProblem } from './certificate-token';

/** Source: PKCS#11 2.40, the list of return values. */
const problemOfCode: Readonly<Record<number, TokenProblem>> = {
  0x30: 'tokenFailed', // device error
  0x32: 'tokenPulled', // device removed
  0xa0: 'pinWrong',
  0xa1: 'pinMalformed', // a PIN with characters that the card cannot have
  0xa2: 'pinMalformed', // of a length that it cannot have
  0xa4: 'pinLocked',
  0xb3: 'tokenPulled', // the session is gone, and so was the card
  0xe0: 'noToken',
  0xe1: 'otherToken', // not recognised
  0x102: 'otherToken', // its owner never set a PIN
};

/** The problem that a code stands for; a code that nobody foresaw means that the card could not be used. */
export function problemOfTokenCode(code: number): TokenProblem {
  return problemOfCode[code] ?? 'tokenFailed';
}

/** Flags of a card's state. */
export const tokenFlags = { made: 0x0000_0400, lastTry: 0x0002_0000, locked: 0x0004_0000 } as const;

/** What a wrong PIN left behind, by the card's own flags. */
export function problemAfterWrongPin(flags: number): TokenProblem {
  if ((flags & tokenFlags.locked) !== 0) return 'pinLocked';
  return (flags & tokenFlags.lastTry) === 0 ? 'pinWrong' : 'pinLastTry';
}
