/** What staff, or an elder's family, do in somebody's name and tell them of by text, with how the text says it. */

/** Acts as the history names them. */
export const assistedActs = [
  'register',
  'change',
  'withdraw',
  'book',
  'move',
  'cancel',
  'joinWaitingList',
  'leaveWaitingList',
  'declineOffer',
  'askLeftover',
  'stopAskingLeftover',
] as const;

export type AssistedAct = (typeof assistedActs)[number];

/** Who acted: the county's hotline, or a counter. */
export const assistants = {
  hotline: { zh: '縣市專線', en: 'The county hotline' },
  counter: { zh: '服務櫃檯', en: 'A service counter' },
} as const;

/** Staff by where they work, or `family`: the adult child to whom an elder agreed. */
export type Assistant = keyof typeof assistants | 'family';

/** `代您…` and `… for you`. */
export const assistedActWords: Readonly<Record<AssistedAct, { readonly zh: string; readonly en: string }>> = {
  register: { zh: '登記接種意願', en: 'registered you' },
  change: { zh: '修改意願登記', en: 'changed your registration' },
  withdraw: { zh: '取消意願登記', en: 'withdrew your registration' },
  book: { zh: '預約接種', en: 'booked for you' },
  move: { zh: '更改預約', en: 'moved your appointment' },
  cancel: { zh: '取消預約', en: 'cancelled your appointment' },
  joinWaitingList: { zh: '登記候補', en: 'put you on the waiting list' },
  leaveWaitingList: { zh: '取消候補', en: 'took you off the waiting list' },
  declineOffer: { zh: '婉拒候補名額', en: 'declined the place offered to you' },
  askLeftover: { zh: '登記剩餘疫苗', en: 'asked for a leftover dose for you' },
  stopAskingLeftover: { zh: '取消剩餘疫苗登記', en: 'took back your request for a leftover dose' },
};
