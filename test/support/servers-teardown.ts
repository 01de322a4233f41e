/** jest's global tear-down: stops whatever the run started and removes its data. */

/** Called by jest once after all test files. */
export default async function tearDown(): Promise<void> {
  await globalThis.yiyueTestServers?.close();
}
