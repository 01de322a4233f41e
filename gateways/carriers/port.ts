/**
 * What Yiyue asks of the mobile carriers (電信業者): is this number the person's own monthly contract, and is it the
 * one over which they reach us now. The carrier knows that from its network and its contracts; no code is sent.
 */
import type { Mobile } from '../../domain/person-number/mobile';
import type { PersonNumber } from '../../domain/person-number/person-number';

/** One question. Nothing in it is kept here. */
export interface HolderQuestion {
  readonly mobile: Mobile;
  readonly personNumber: PersonNumber;
  /** The address from which the phone reached us: by it the carrier finds the SIM that is on its network now. */
  readonly connectionAddress: string;
}

/**
 * Why a carrier does not confirm: the table of seeds 000 (questions 9 and 10), 003 and 004. The order is that in
 * which a carrier looks: what it cannot see is refused before anything is said of a contract, so that only who holds
 * the phone learns of its contract.
 */
export const carrierRefusals = [
  /** The phone is on Wi-Fi, or on another network than the number's: the SIM cannot be seen. */
  'onWifi',
  /** None of the five carriers that take part. */
  'otherCarrier',
  /** 二類電信, a virtual operator on another's network. */
  'virtualNetwork',
  /** The phone was reported lost or the number given up. */
  'lostOrGivenUp',
  /** 停話、欠費. */
  'unpaidOrSuspended',
  'prepaid',
  /** 親子卡: a child's number on a parent's contract. */
  'childCard',
  'corporate',
  /** The contract is another person's. */
  'notInOwnName',
  /** The carrier's record says that its holder is no national. */
  'foreignNational',
  /** No mobile data in the plan. */
  'withoutData',
  /** The handset was not bought under the person's own contract. */
  'handsetNotOwn',
] as const;

export type CarrierRefusal = (typeof carrierRefusals)[number];

export type HolderAnswer =
  { readonly outcome: 'confirmed' } | { readonly outcome: 'refused'; readonly reason: CarrierRefusal };

export interface Carriers {
  /** Throws `CarriersUnavailable` when no answer could be had. Asking changes nothing at the carrier. */
  confirmHolder(question: HolderQuestion): Promise<HolderAnswer>;
}

export type CarriersUnavailableReason = 'unreachable' | 'timedOut' | 'failed' | 'answerNotUnderstood';

/** The carriers gave no usable answer; says why in a code and carries nothing that was asked. */
export class CarriersUnavailable extends Error {
  override readonly name = 'CarriersUnavailable';
  constructor(readonly reason: CarriersUnavailableReason) {
    super(`the carriers gave no usable answer (${reason})`);
  }
}
