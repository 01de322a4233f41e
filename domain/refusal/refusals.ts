/** Every reason for which a citizen's wish is refused: a closed union, carrying what the answer needs to help. */
import type { Instant, PlainDate } from '../civil-time/plain-date';

/** A free window offered in place of one that was lost. */
export interface FreeSlot {
  readonly slotId: number;
  readonly siteId: string;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly left: number;
}

export type Refusal =
  /** Wrong number, wrong card, unknown person, not in an open group: one answer for all of them. */
  | { readonly code: 'identityNotConfirmed' }
  | { readonly code: 'captchaInvalid' }
  | { readonly code: 'captchaSpent' }
  | { readonly code: 'sessionRequired' }
  | { readonly code: 'sessionEnded' }
  | { readonly code: 'tooManyAttempts'; readonly retryAfterSeconds: number }
  | { readonly code: 'registryUnavailable' }
  | { readonly code: 'noOpenRound' }
  | { readonly code: 'registrationNotOpenYet'; readonly opensAt: Instant }
  | { readonly code: 'registrationClosed'; readonly endedAt: Instant }
  | { readonly code: 'notInOpenGroup' }
  | { readonly code: 'notRegistered' }
  | { readonly code: 'alreadySettled' }
  | { readonly code: 'productRequired' }
  | { readonly code: 'productNotOffered'; readonly product: string }
  | { readonly code: 'districtUnknown' }
  | { readonly code: 'mobileInvalid' }
  | { readonly code: 'personNumberInvalid' }
  | { readonly code: 'cardNumberInvalid' }
  | { readonly code: 'notInvited' }
  | { readonly code: 'bookingNotOpenYet'; readonly opensAt: Instant }
  | { readonly code: 'bookingClosed'; readonly closedAt: Instant }
  | { readonly code: 'slotUnknown' }
  | { readonly code: 'slotOfOtherProduct'; readonly product: string }
  | { readonly code: 'slotPast' }
  | { readonly code: 'slotFull'; readonly alternatives: readonly FreeSlot[] }
  | { readonly code: 'slotUnchanged' }
  | { readonly code: 'alreadyBooked'; readonly appointmentNumber: string }
  | { readonly code: 'alreadyAttended' }
  | { readonly code: 'appointmentUnknown' }
  | { readonly code: 'appointmentNotLive'; readonly status: 'cancelled' | 'attended' | 'missed' }
  | { readonly code: 'doseIntervalNotReached'; readonly earliestOn: PlainDate }
  | { readonly code: 'productNotAfterPreviousDose'; readonly previousProduct: string }
  | { readonly code: 'idempotencyKeyInvalid' }
  | { readonly code: 'idempotencyKeyReused' }
  | { readonly code: 'lookupNoMatch' }
  | { readonly code: 'siteUnknown' }
  | { readonly code: 'stationUnknown' }
  | { readonly code: 'attendanceAtOtherSite' }
  | { readonly code: 'attendanceOnOtherDay' }
  | { readonly code: 'requestInvalid' }
  | { readonly code: 'formExpired' }
  | { readonly code: 'pageUnknown' };

export type RefusalCode = Refusal['code'];

/** The result of something that may be refused. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function accepted<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
