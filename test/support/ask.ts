/** Asks the servers of this test run for a part; the first question starts it. */

/** The answer of the service in `servers.ts`. Rejects with the reason when the part could not be started. */
export async function askTestServers<T>(
  question: '/database' | '/temporal' | '/workflow-bundle',
): Promise<T> {
  const base = process.env['YIYUE_TEST_SERVERS'];
  if (base === undefined) throw new Error('Tests that need servers run under jest with its global set-up.');
  const answer = await fetch(`${base}${question}`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}
