/** What an NHI card gives to anyone who reads it: no key and no PIN stand before it, so it is a claim and no proof. */
import type { PlainDate } from '../civil-time/plain-date';

/** The card's basic data (健保卡基本資料), as the bridge parsed it out of the 57 bytes. All of it is personal. */
export interface BasicData {
  /** Twelve digits. */
  readonly cardNumber: string;
  /** Up to twenty bytes of Big5, trimmed; foreign names may be cut in the middle. */
  readonly name: string;
  /** The name holds user-defined characters, which came out as private-use code points (U+E000–F8FF). */
  readonly nameHasPrivateUse: boolean;
  /** National ID or UI number, old or new, as printed on the card. */
  readonly personNumber: string;
  readonly birthDate: PlainDate;
  readonly sex: 'male' | 'female';
  readonly issuedOn: PlainDate;
}
