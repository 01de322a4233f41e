/** A person's way through a round, as data: the stages, the acts, and which act leads from where to where. */

/** Where a person stands in one round. */
export const stages = [
  /** 已登記意願 — intent registered, waiting for settlement or not invited in it. */
  'registered',
  /** 已撤回 — withdrew the registration. */
  'withdrawn',
  /** 候補通知 — is offered a place that somebody else gave back, until the offer's deadline. */
  'offered',
  /** 可預約 — has the right to book (invited at settlement, or eligible in a round without ranking). */
  'invited',
  /** 已預約 — holds a live appointment. */
  'booked',
  /** 已接種 — the appointment was kept. */
  'attended',
  /** 未到 — the day of the appointment passed without attendance. */
  'missed',
  /** 逾期未預約 — the booking window closed without an appointment. */
  'lapsed',
  /** 轉入下一期 — carried over to the next round. */
  'carriedOver',
] as const;

export type Stage = (typeof stages)[number];

/** What can happen to a participation. */
export const acts = [
  'register',
  'change',
  'withdraw',
  'invite',
  'offer',
  'declineOffer',
  'expireOffer',
  /** The window of the offered place was closed by the authority. */
  'withdrawOffer',
  'book',
  'move',
  'cancel',
  /** The authority closed the window (a typhoon, say); the right to book stays. */
  'cancelByAuthority',
  'attend',
  'miss',
  'lapse',
  'carryOver',
  /** Said on the phone that they come for a dose left over at closing. */
  'takeLeftover',
] as const;

export type Act = (typeof acts)[number];

export interface StageTransition {
  /** `null`: the person had no part in the round yet. */
  readonly from: Stage | null;
  readonly act: Act;
  readonly to: Stage;
}

/** The whole lifecycle. The database refuses any change of stage that is not a row here. */
export const stageTransitions = [
  { from: null, act: 'register', to: 'registered' },
  { from: 'withdrawn', act: 'register', to: 'registered' },
  { from: 'registered', act: 'change', to: 'registered' },
  { from: 'registered', act: 'withdraw', to: 'withdrawn' },
  { from: null, act: 'carryOver', to: 'registered' },
  { from: null, act: 'invite', to: 'invited' },
  { from: 'registered', act: 'invite', to: 'invited' },
  { from: 'registered', act: 'offer', to: 'offered' },
  { from: 'offered', act: 'declineOffer', to: 'registered' },
  { from: 'offered', act: 'expireOffer', to: 'registered' },
  { from: 'offered', act: 'withdrawOffer', to: 'registered' },
  { from: 'offered', act: 'book', to: 'booked' },
  { from: 'invited', act: 'book', to: 'booked' },
  { from: 'booked', act: 'move', to: 'booked' },
  { from: 'booked', act: 'cancel', to: 'invited' },
  { from: 'booked', act: 'cancelByAuthority', to: 'invited' },
  { from: 'booked', act: 'attend', to: 'attended' },
  { from: 'booked', act: 'miss', to: 'missed' },
  { from: 'missed', act: 'attend', to: 'attended' },
  { from: 'invited', act: 'lapse', to: 'lapsed' },
  { from: 'lapsed', act: 'carryOver', to: 'carriedOver' },
  { from: 'missed', act: 'carryOver', to: 'carriedOver' },
  { from: 'registered', act: 'carryOver', to: 'carriedOver' },
  { from: null, act: 'takeLeftover', to: 'booked' },
  { from: 'registered', act: 'takeLeftover', to: 'booked' },
  { from: 'withdrawn', act: 'takeLeftover', to: 'booked' },
  { from: 'invited', act: 'takeLeftover', to: 'booked' },
  { from: 'missed', act: 'takeLeftover', to: 'booked' },
  { from: 'lapsed', act: 'takeLeftover', to: 'booked' },
  { from: 'carriedOver', act: 'takeLeftover', to: 'booked' },
] as const satisfies readonly StageTransition[];

/** The stage that `act` leads to from `from`, or `undefined` where the act is not possible. */
export function stageAfter(from: Stage | null, act: Act): Stage | undefined {
  return stageTransitions.find((transition) => transition.from === from && transition.act === act)?.to;
}
