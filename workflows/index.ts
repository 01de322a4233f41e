/** The workflows that one bundle holds. */
export { cardAccount } from './card-account/workflow';
export { citizen } from './citizen/workflow';
export { closure } from './closure/workflow';
export { invitationWave } from './invitation-wave/workflow';
export { placeOffer } from './place-offer/workflow';
export { reconciliation } from './reconciliation/workflow';
export { round } from './round/workflow';
