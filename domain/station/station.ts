/** Stations (據點): where people are served in person or by telephone, what kinds there are, and what each may do. */
import type { Act } from '../lifecycle/transitions';

/** Every kind of enrolled station. */
export const stationKinds = [
  /** 接種站報到臺 — the desk of a vaccination site: records who came, phones out what is left over. */
  'site',
  /** 超商事務機 — kiosk of one of the four convenience-store chains. */
  'storeKiosk',
  /** 健保特約藥局 */
  'pharmacy',
  /** 衛生所 */
  'healthCentre',
  /** 自助服務據點 — self-service point in a clinic or a public office. */
  'selfServicePoint',
  /** 縣市專線 — the county's own hotline. */
  'hotline',
  /** 服務櫃檯 — a counter of the authority with designated staff. */
  'counter',
] as const;

export type StationKind = (typeof stationKinds)[number];

/** What a kind may be trusted with. */
export const stationRights = [
  /** Record attendance at its own site. */
  'recordAttendance',
  /** Phone people about doses left over at its own site. */
  'phoneLeftover',
  /** Vouch for a card read at it, so that the card's owner acts there. */
  'readCard',
  /** Look people up and act for them without a card. */
  'assist',
  /** Register card accounts of people who stand there with card, ID document and household register, and deactivate them. */
  'keepCardAccounts',
  /** Take part: register, change, book, move, wait, accept. */
  'takePart',
  /** Give back what one has: cancel an appointment, withdraw a registration, leave a line, decline an offer. */
  'giveBack',
  /** Hear an elder's word on who of their family acts for them: where staff see or hear the person. */
  'answerFamily',
] as const;

export type StationRight = (typeof stationRights)[number];

/**
 * Who may do what (rules: 取消). Stores give nothing back, whoever booked where; self-service points are not among
 * the places that cancel either. Health centres and pharmacies are. Desks at sites act for no citizen.
 */
export const rightsOfStations: Readonly<Record<StationKind, readonly StationRight[]>> = {
  site: ['recordAttendance', 'phoneLeftover'],
  storeKiosk: ['readCard', 'takePart'],
  pharmacy: ['readCard', 'takePart', 'giveBack', 'answerFamily'],
  healthCentre: ['readCard', 'takePart', 'giveBack', 'answerFamily'],
  selfServicePoint: ['readCard', 'takePart'],
  hotline: ['assist', 'takePart', 'giveBack', 'answerFamily'],
  counter: ['readCard', 'assist', 'keepCardAccounts', 'takePart', 'giveBack', 'answerFamily'],
};

export function stationMay(kind: StationKind, right: StationRight): boolean {
  return rightsOfStations[kind].includes(right);
}

/** The four chains whose kiosks take part (四大超商). */
export const storeChains = ['sevenEleven', 'familyMart', 'hiLife', 'okMart'] as const;

export type StoreChain = (typeof storeChains)[number];

/** What happens to people by a workflow or the authority, never through somebody's session at a station. */
type NotByAPerson = 'identify' | 'meetObligation' | 'recordDose';

const rightsForActs = {
  register: 'takePart',
  change: 'takePart',
  withdraw: 'giveBack',
  invite: null,
  offer: null,
  declineOffer: 'giveBack',
  expireOffer: null,
  withdrawOffer: null,
  book: 'takePart',
  move: 'takePart',
  cancel: 'giveBack',
  cancelByAuthority: null,
  attend: 'recordAttendance',
  miss: null,
  lapse: null,
  carryOver: null,
  takeLeftover: 'phoneLeftover',
  identify: null,
  meetObligation: null,
  recordDose: null,
} as const satisfies Readonly<Record<Act | NotByAPerson, StationRight | null>>;

/** May an act be done in a session that a station of that kind began? */
export function mayActAt(kind: StationKind, act: keyof typeof rightsForActs): boolean {
  const right = rightsForActs[act];
  return right !== null && stationMay(kind, right);
}

/** Why staff act for somebody who does not do it themselves: codes, so that nothing personal is written down. */
export const assistanceReasons = [
  /** 沒有健保卡或看不清卡號 */
  'noCardNumber',
  /** 沒有手機、電腦或網路 */
  'noDevice',
  /** 看不到或不便操作螢幕 */
  'cannotUseScreen',
  /** 語言不通或需要說明 */
  'needsExplaining',
] as const;

export type AssistanceReason = (typeof assistanceReasons)[number];
