/** The search attributes by which operations find workflows; every Temporal server that we start registers these. */

/** A custom search attribute as Temporal's operator API and CLI name it. */
export interface SearchAttribute {
  readonly name: string;
  readonly type: 'Keyword' | 'Datetime';
}

/** Set once when a workflow starts (an update would be a billed action); codes and times only, never personal data. */
export const searchAttributes: readonly SearchAttribute[] = [
  { name: 'YiyueStage', type: 'Keyword' },
  { name: 'YiyueRound', type: 'Keyword' },
  { name: 'YiyueWorkflowKind', type: 'Keyword' },
  { name: 'YiyueStartedFor', type: 'Datetime' },
];
