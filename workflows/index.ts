/** The workflows that one bundle holds. */
export { citizen } from './citizen/workflow';
export { reconciliation } from './reconciliation/workflow';
export { round } from './round/workflow';
