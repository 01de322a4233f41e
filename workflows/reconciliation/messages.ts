/** Names of the reconciler, which a Temporal Schedule starts. */

export const reconciliationWorkflow = 'reconciliation';

/** Id of the Schedule, and the stem of its runs' workflow ids. */
export const reconciliationId = 'reconciliation';
