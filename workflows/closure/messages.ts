/** Names of the workflow of a closure. */

/** The workflow's type, as the carrier starts it. */
export const closureWorkflow = 'closure';

/** One workflow per closure that was confirmed. */
export function closureWorkflowId(closureId: string): string {
  return `closure/${closureId}`;
}
