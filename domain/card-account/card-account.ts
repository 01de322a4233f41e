/** A card account (健保卡網路服務註冊): its states, and what waits for its owner's word by e-mail. */
import { addMs, type Instant } from '../civil-time/plain-date';

/** Where an account stands. One that was deactivated or never confirmed is as if not registered. */
export const accountStates = ['awaitingConfirmation', 'active', 'deactivated'] as const;
export type AccountState = (typeof accountStates)[number];

/** Who brought it about: a citizen with a reader, staff at a counter, a carrier that confirmed the person's number. */
export const accountDoors = ['reader', 'counter', 'carrier', 'demonstration'] as const;
export type AccountDoor = (typeof accountDoors)[number];

/** What a link in a mail confirms. */
export const confirmationPurposes = ['application', 'newEmail', 'newPassword'] as const;
export type ConfirmationPurpose = (typeof confirmationPurposes)[number];

const hourMs = 3_600_000;

/**
 * How long a link is good, by the clock on the wall. Mail arrives late and people read it in the evening: three days
 * for an address; an hour for a password, since whoever waits for it sits before the page.
 */
export const linkHours: Readonly<Record<ConfirmationPurpose, number>> = {
  application: 72,
  newEmail: 72,
  newPassword: 1,
};

/** An application that nobody confirms is reminded of once, after as long as its first link lasted, and then deleted. */
export const applicationTimes = { reminderAfterHours: 72, deletedAfterHours: 168 } as const;

/** Of one application: whoever asks for more mails than that has another problem. */
export const mostConfirmationMails = 6;

/** Between two mails that are asked for, so that nobody's box is filled. */
export const resendPauseSeconds = 60;

/** What is to be done with an unconfirmed application, by the ledger's clock. */
export type ApplicationStep =
  | { readonly step: 'wait'; readonly until: Instant }
  | { readonly step: 'remind' }
  | { readonly step: 'delete' };

/** Works out the next step from what is known; it is asked again after each. */
export function applicationStep(
  application: { readonly appliedAt: Instant; readonly reminded: boolean },
  now: Instant,
): ApplicationStep {
  const remindAt = addMs(application.appliedAt, applicationTimes.reminderAfterHours * hourMs);
  const deleteAt = addMs(application.appliedAt, applicationTimes.deletedAfterHours * hourMs);
  if (Date.parse(now) >= Date.parse(deleteAt)) return { step: 'delete' };
  if (application.reminded) return { step: 'wait', until: deleteAt };
  return Date.parse(now) >= Date.parse(remindAt) ? { step: 'remind' } : { step: 'wait', until: remindAt };
}

/** When an application that was made at `appliedAt` is deleted unless it is confirmed. */
export function applicationEnd(appliedAt: Instant): Instant {
  return addMs(appliedAt, applicationTimes.deletedAfterHours * hourMs);
}
