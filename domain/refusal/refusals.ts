/** Every reason for which a citizen's wish is refused: a closed union, carrying what the answer needs to help. */
import type { ConfirmationPurpose } from '../card-account/card-account';
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
  /** Not among the person's own of the last half year. */
  | { readonly code: 'signInUnknown' }
  /** Whoever says that the session in which they act was not them signs out instead. */
  | { readonly code: 'signInIsThisOne' }
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
  | { readonly code: 'birthDateInvalid' }
  | { readonly code: 'notInvited' }
  | { readonly code: 'bookingNotOpenYet'; readonly opensAt: Instant }
  | { readonly code: 'bookingClosed'; readonly closedAt: Instant }
  | { readonly code: 'slotUnknown' }
  | { readonly code: 'slotOfOtherProduct'; readonly product: string }
  | { readonly code: 'slotPast' }
  | { readonly code: 'slotFull'; readonly alternatives: readonly FreeSlot[] }
  | { readonly code: 'slotUnchanged' }
  /** The authority closed the window. */
  | { readonly code: 'slotClosed' }
  | { readonly code: 'alreadyBooked'; readonly appointmentNumber: string }
  | { readonly code: 'alreadyAttended' }
  | { readonly code: 'appointmentUnknown' }
  | { readonly code: 'appointmentNotLive'; readonly status: 'cancelled' | 'attended' | 'missed' }
  | { readonly code: 'doseIntervalNotReached'; readonly earliestOn: PlainDate }
  | { readonly code: 'productNotAfterPreviousDose'; readonly previousProduct: string }
  /** At this age a guardian's consent has to be on record, and none is for this product. */
  | { readonly code: 'consentMissing'; readonly product: string }
  /** The product may follow the last dose only for those who registered a mixed intent. */
  | { readonly code: 'mixedIntentMissing'; readonly product: string; readonly previousProduct: string }
  /** Number, card or birth date, kinship: the registry does not say which of them is wrong, and nor do we. */
  | { readonly code: 'familyNotConfirmed' }
  /** The registry confirmed parent and child; from the fifteenth birthday on the young person acts alone. */
  | { readonly code: 'familyChildGrownUp' }
  /** Who acts for an elder is of full age. */
  | { readonly code: 'familyActorTooYoung' }
  /** Not among those of the person who asks. */
  | { readonly code: 'familyBondUnknown' }
  /** Was ended, ran out, or was never agreed to: nothing is done in that person's name. */
  | { readonly code: 'familyBondEnded' }
  | { readonly code: 'familyRequestExpired' }
  /** What was asked concerns oneself alone: an account, a device, one's family. */
  | { readonly code: 'actingForNotHere' }
  /** The form was filled in for somebody else than the one for whom one acts by now. */
  | { readonly code: 'actingForChanged' }
  /** Only a parent, for a child at an age at which consent is asked for. */
  | { readonly code: 'consentNotYours' }
  | { readonly code: 'consentNotNeeded' }
  /** Two windows that are neither the same nor next to each other at one site. */
  | { readonly code: 'windowsNotNeighbours' }
  /** Two were to be booked together and neither was: for whom of them not (0 for the first), and why. */
  | { readonly code: 'togetherRefused'; readonly place: number; readonly because: RefusalCode }
  /** None at all, or not a person's. */
  | { readonly code: 'certificateInvalid' }
  | { readonly code: 'certificateUntrusted' }
  | { readonly code: 'certificateExpired' }
  | { readonly code: 'certificateNotForSigning' }
  | { readonly code: 'certificateRevoked' }
  | { readonly code: 'certificateCheckUnavailable' }
  /** Not what the key of that certificate signed. */
  | { readonly code: 'certificateSignatureInvalid' }
  /** The number that was typed does not end as the certificate says. */
  | { readonly code: 'certificateOfOtherPerson' }
  /** Why a mobile number cannot prove who somebody is (手機快速認證); a device code is the way on from each. */
  | { readonly code: 'mobileOnWifi'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileOfOtherCarrier'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileOfVirtualOperator'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileLostOrGivenUp'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileUnpaidOrSuspended'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobilePrepaid'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileChildCard'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileCorporate'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileNotInOwnName'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileOfForeignNational'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileWithoutData'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'mobileHandsetNotOwn'; readonly wayOn: 'deviceCode' }
  /** 連線逾時. */
  | { readonly code: 'carrierTimedOut'; readonly wayOn: 'deviceCode' }
  | { readonly code: 'carrierUnavailable'; readonly wayOn: 'deviceCode' }
  /** Finished, expired, tried too often, or begun in another browser: the carrier has to be asked again. */
  | { readonly code: 'mobileAuthenticationOver' }
  /** The card was never registered: its last four digits and a new password are needed. */
  | { readonly code: 'cardNotRegistered' }
  | { readonly code: 'cardLastFourWrong'; readonly triesLeft: number }
  /** What a card bridge sent is not what its key signed, or is no card's data. */
  | { readonly code: 'cardProofInvalid' }
  | { readonly code: 'cardProofFromOtherOrigin' }
  | { readonly code: 'cardProofForOtherPurpose' }
  | { readonly code: 'cardChallengeUnknown' }
  | { readonly code: 'cardChallengeOfOtherSession' }
  | { readonly code: 'cardChallengeSpent' }
  | { readonly code: 'cardChallengeExpired' }
  | { readonly code: 'cardReadBeforeAsked' }
  /** By how far the bridge's clock is ahead of ours (behind, when negative). */
  | { readonly code: 'cardBridgeClockWrong'; readonly skewSeconds: number }
  | { readonly code: 'cardBridgeUnknown' }
  | { readonly code: 'cardBridgeRevoked' }
  /** Whoever asked to enrol a bridge did not show that they have its key. */
  | { readonly code: 'cardBridgeKeyUnproved' }
  /** The session is not one of a bound device, or the credential was never bound. */
  | { readonly code: 'deviceNotBound' }
  | { readonly code: 'deviceRemoved' }
  /** Its signature does not hold, or the question that it answers is over or was answered before. */
  | { readonly code: 'deviceNotConfirmed' }
  | { readonly code: 'deviceBoundAlready' }
  | { readonly code: 'deviceUnknown' }
  /** Number, password and device do not belong together: one answer for all of them. */
  | { readonly code: 'appNotConfirmed' }
  /** Only the card with its password, or the certificate, makes a device code. */
  | { readonly code: 'deviceCodeNeedsCard' }
  | { readonly code: 'deviceCodeWrong' }
  | { readonly code: 'deviceCodeExpired' }
  | { readonly code: 'deviceCodeUsed' }
  /** Unknown person, no device, no code, wrong code: one answer for all of them. */
  | { readonly code: 'appOtpWrong' }
  | { readonly code: 'appOtpExpired' }
  | { readonly code: 'appOtpUsed' }
  | { readonly code: 'idempotencyKeyInvalid' }
  | { readonly code: 'idempotencyKeyReused' }
  | { readonly code: 'lookupNoMatch' }
  | { readonly code: 'siteUnknown' }
  | { readonly code: 'stationUnknown' }
  /** Not among the rights of this kind of station. */
  | { readonly code: 'stationMayNot' }
  /** Stores and self-service points cancel nothing, whoever booked where. */
  | { readonly code: 'stationTakesNothingBack' }
  | { readonly code: 'stationStaffUnknown' }
  /** No such search of this member of staff, or not in the last minutes. */
  | { readonly code: 'lookUnknown' }
  /** What is to be done has not been read out to the person for whom it is done. */
  | { readonly code: 'notReadBack' }
  | { readonly code: 'operatorUnknown' }
  | { readonly code: 'attendanceAtOtherSite' }
  | { readonly code: 'attendanceOnOtherDay' }
  | { readonly code: 'waitingListNotOpenYet'; readonly opensAt: Instant }
  /** Invited, or was: the waiting list is for those whose turn did not come. */
  | { readonly code: 'waitingListNotNeeded' }
  | { readonly code: 'offerUnknown' }
  /** Passed on: `stillWaiting` says whether further places will be offered, `newOfferId` names one that stands now. */
  | {
      readonly code: 'offerExpired';
      readonly expiredAt: Instant;
      readonly stillWaiting: boolean;
      readonly newOfferId: string | null;
    }
  | { readonly code: 'offerAnswered'; readonly answer: 'accepted' | 'declined' }
  | { readonly code: 'leftoverNotThere' }
  | { readonly code: 'leftoverDrawn'; readonly drawnAt: Instant }
  | { readonly code: 'leftoverTooEarly'; readonly opensAt: Instant }
  | { readonly code: 'leftoverCallUnknown' }
  | { readonly code: 'leftoverTurnUnknown' }
  | {
      readonly code: 'leftoverTurnAnswered';
      readonly result: 'coming' | 'declined' | 'noAnswer' | 'passedOver';
    }
  | { readonly code: 'leftoverDosesPromised'; readonly promised: number }
  | { readonly code: 'roundUnknown' }
  /** Not settled yet, or nothing was ranked in it. */
  | { readonly code: 'settlementUnknown' }
  | { readonly code: 'waveUnknown' }
  /** No held text of the round is left for such a wave. */
  | { readonly code: 'waveEmpty' }
  /** Nobody would read so many texts that differ on a handset. */
  | { readonly code: 'waveTooManyKinds'; readonly most: number }
  | { readonly code: 'testHandsetMissing' }
  | { readonly code: 'testHandsetUnknown' }
  | { readonly code: 'waveNotAwaitingApproval' }
  | { readonly code: 'waveOver' }
  | { readonly code: 'closureUnknown' }
  /** Confirmed already: what it says cannot change any more. */
  | { readonly code: 'closureConfirmed' }
  | { readonly code: 'closureNotConfirmed' }
  /** Its appointments are still being cancelled. */
  | { readonly code: 'closureUnderWay' }
  /** No open window lies in these areas on these days. */
  | { readonly code: 'closureEmpty' }
  | { readonly code: 'closureInPast' }
  /** No longer what the preview showed; carries what holds now. */
  | { readonly code: 'closureDiffers'; readonly digest: string; readonly appointments: number }
  /** What one operator began needs another one's word. */
  | { readonly code: 'secondOperatorNeeded' }
  /** The card account's page is for who has just had the card read. */
  | { readonly code: 'cardReadRequired' }
  | { readonly code: 'householdNumberInvalid' }
  /** Household number and registered address are not those of the registry; it does not tell which. */
  | { readonly code: 'householdNotConfirmed' }
  | { readonly code: 'emailInvalid' }
  | { readonly code: 'passwordLengthWrong' }
  | { readonly code: 'passwordCharacterWrong' }
  | { readonly code: 'passwordTooCommon' }
  | { readonly code: 'passwordPersonal' }
  /** The present password, asked for again, is another one. */
  | { readonly code: 'passwordWrong' }
  | { readonly code: 'cardAccountExists' }
  | { readonly code: 'cardAccountMissing' }
  | { readonly code: 'accountHasNoEmail' }
  | { readonly code: 'applicationMissing' }
  | { readonly code: 'confirmationMailsSpent' }
  | { readonly code: 'confirmationUnknown' }
  | { readonly code: 'confirmationUsed'; readonly purpose: ConfirmationPurpose }
  | { readonly code: 'confirmationExpired'; readonly purpose: ConfirmationPurpose }
  /** A newer link was mailed, or what it was for is no more. */
  | { readonly code: 'confirmationOvertaken' }
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
