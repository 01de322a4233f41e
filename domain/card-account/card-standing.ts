/**
 * How somebody stands with the health insurance (健保卡狀況及領卡紀錄, seed 001): insured or not, premiums in arrears,
 * and how and why their cards were issued. The registry's own words in codes; each has a sentence on the page.
 */

import type { CardNumber } from '../person-number/card-number';

/** 在保狀態: insured, suspended while abroad (停保), or not insured since a transfer out (轉出). */
export const insuredStates = ['insured', 'suspended', 'notInsured'] as const;
export type InsuredState = (typeof insuredStates)[number];

/** 領卡方式. */
export const cardIssueWays = ['counter', 'post', 'online'] as const;
export type CardIssueWay = (typeof cardIssueWays)[number];

/** 申請原因; `otherNhi` is 其他（健保署), by which a card is made anew after a duplicate number was cleared. */
export const cardIssueReasons = [
  'first',
  'lost',
  'damaged',
  'dataChanged',
  'numberChanged',
  'otherNhi',
] as const;
export type CardIssueReason = (typeof cardIssueReasons)[number];

/** A card that was made for the person. */
export interface CardIssue {
  /** Civil date. */
  readonly issuedOn: string;
  readonly way: CardIssueWay;
  readonly reason: CardIssueReason;
}

/** The card and the insurance as their owner may see them in the app (健保卡狀態); null where the registry does not say. */
export interface CardStatus {
  /** Of the card last applied for, which may not be usable yet; the way to it for whom theirs is too worn to read. */
  readonly cardNumber: CardNumber;
  /** 第01–10類 to which the person belongs, ascending. */
  readonly priorityGroups: readonly number[];
  readonly insured: InsuredState | null;
  /** 最後不在保日: the effective date of the last transfer out that was accepted; null where there was none too. */
  readonly lastNotInsuredOn: string | null;
  /** 欠費: a premium was not paid by its day. It locks no card and touches nobody's care. */
  readonly hasArrears: boolean | null;
  /** Within the days below, newest first. */
  readonly issues: readonly CardIssue[];
  /** From and to which day the data reach, civil dates. */
  readonly reaches: { readonly from: string; readonly to: string } | null;
}
