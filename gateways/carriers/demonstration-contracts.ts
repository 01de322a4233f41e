/**
 * Mobile contracts of the demonstration: one number for each answer that a carrier may give, whoever asks with it.
 * Beside these everybody's own contract (`mobile_contract` of `people.csv`) stands, which is confirmed to its holder.
 */
import type { CarrierRefusal } from './port';

/** A contract as its carrier knows it. */
export interface SimulatedContract {
  readonly carrier: 'one of the five' | 'virtual operator' | 'other';
  readonly plan: 'monthly' | 'prepaid' | 'child card' | 'corporate';
  readonly standing: 'good' | 'unpaid' | 'suspended' | 'reported lost' | 'given up';
  readonly holder: 'who asks' | 'somebody else' | 'a foreign national';
  readonly withData: boolean;
  readonly handsetBoughtUnderIt: boolean;
  /** How the phone reaches us now. */
  readonly connection: 'its own mobile data' | 'Wi-Fi';
  /** The carrier answers too late. */
  readonly silent: boolean;
}

/** A contract that is confirmed; the others differ from it in one point. */
export const ordinaryContract: SimulatedContract = {
  carrier: 'one of the five',
  plan: 'monthly',
  standing: 'good',
  holder: 'who asks',
  withData: true,
  handsetBoughtUnderIt: true,
  connection: 'its own mobile data',
  silent: false,
};

/** A row of the answers, in the order in which a carrier looks. */
interface AnswerRow {
  readonly reason: CarrierRefusal;
  readonly when: (contract: SimulatedContract) => boolean;
}

const answerRows: readonly AnswerRow[] = [
  { reason: 'onWifi', when: ({ connection }) => connection === 'Wi-Fi' },
  { reason: 'otherCarrier', when: ({ carrier }) => carrier === 'other' },
  { reason: 'virtualNetwork', when: ({ carrier }) => carrier === 'virtual operator' },
  {
    reason: 'lostOrGivenUp',
    when: ({ standing }) => standing === 'reported lost' || standing === 'given up',
  },
  { reason: 'unpaidOrSuspended', when: ({ standing }) => standing === 'unpaid' || standing === 'suspended' },
  { reason: 'prepaid', when: ({ plan }) => plan === 'prepaid' },
  { reason: 'childCard', when: ({ plan }) => plan === 'child card' },
  { reason: 'corporate', when: ({ plan }) => plan === 'corporate' },
  { reason: 'notInOwnName', when: ({ holder }) => holder === 'somebody else' },
  { reason: 'foreignNational', when: ({ holder }) => holder === 'a foreign national' },
  { reason: 'withoutData', when: ({ withData }) => !withData },
  { reason: 'handsetNotOwn', when: ({ handsetBoughtUnderIt }) => !handsetBoughtUnderIt },
];

/** Why this contract is not confirmed; `undefined` when it is. */
export function refusalOf(contract: SimulatedContract): CarrierRefusal | undefined {
  return answerRows.find(({ when }) => when(contract))?.reason;
}

/** Numbers that nobody of the demonstration has, by what is peculiar about their contract. */
export const demonstrationContracts: Readonly<Record<string, SimulatedContract>> = {
  '0900990901': { ...ordinaryContract, plan: 'child card' },
  '0900990902': { ...ordinaryContract, plan: 'prepaid' },
  '0900990903': { ...ordinaryContract, plan: 'corporate' },
  '0900990904': { ...ordinaryContract, carrier: 'virtual operator' },
  '0900990905': { ...ordinaryContract, standing: 'unpaid' },
  '0900990906': { ...ordinaryContract, standing: 'suspended' },
  '0900990907': { ...ordinaryContract, holder: 'somebody else' },
  '0900990908': { ...ordinaryContract, carrier: 'other' },
  '0900990909': { ...ordinaryContract, connection: 'Wi-Fi' },
  '0900990910': { ...ordinaryContract, holder: 'a foreign national' },
  '0900990911': { ...ordinaryContract, standing: 'reported lost' },
  '0900990912': { ...ordinaryContract, standing: 'given up' },
  '0900990913': { ...ordinaryContract, handsetBoughtUnderIt: false },
  '0900990914': { ...ordinaryContract, withData: false },
  '0900990915': { ...ordinaryContract, silent: true },
};
