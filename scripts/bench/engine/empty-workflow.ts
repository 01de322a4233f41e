/** The engine's floor: a workflow that takes one signal and is over with its first task. */
export async function empty(): Promise<void> {
  return Promise.resolve();
}
