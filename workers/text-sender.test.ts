/** The sender's process killed in the middle of sending, as the operating system kills it. */
import { startSmsSimulator, type SmsSimulatorSettings } from '../gateways/sms/simulator';
import { queueText } from '../ledger/text-message';
import { LedgerWorld } from '../test/builders/ledger-world';
import { eventually } from '../test/support/eventually';
import { WorkerProcess } from '../test/support/worker-process';

jest.setTimeout(90_000);

const texts = 300;
const window = 40;

let world: LedgerWorld;
beforeEach(async () => {
  world = await LedgerWorld.create();
  await world.round();
});
afterEach(() => world.close());

async function queueTexts(): Promise<void> {
  const personKey = await world.person();
  const contactId = await world.contact(personKey);
  await world.ledger.db.transaction().execute(async (tx) => {
    for (let n = 0; n < texts; n += 1) {
      // No two texts read the same, so that the phone's own record tells repeats.
      const parameters = { registrationNumber: String(1_000_000_000 + n), roundId: 'round-1' };
      await queueText(tx, {
        ...{ personKey, contactId, parameters, purpose: 'registrationReceived' as const },
        occasion: `o${String(n)}`,
      });
    }
  });
}

const gateways: readonly [string, SmsSimulatorSettings, number][] = [
  ['that recognises repeats: nobody gets a text twice', { dedupe: true }, 0],
  [
    'that cannot: repeats stay within the window, and each is counted',
    { dedupe: false, referenceTag: null },
    window,
  ],
];

test.each(gateways)('a killed sender before a gateway %s', async (_name, settings, mostRepeats) => {
  const centre = await startSmsSimulator({ receiptDelayMs: 5_000, ...settings });
  const { dataKeys, indexKey } = world.ledger.keys;
  const start = () =>
    new WorkerProcess('text-sender', {
      YIYUE_MODE: 'test',
      DATABASE_URL: world.databaseUrl,
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      YIYUE_DATA_KEYS: [...dataKeys].map(([id, key]) => `${String(id)}:${key.toString('base64')}`).join(),
      YIYUE_INDEX_KEY: indexKey.toString('base64'),
      SMS_GATEWAY_URL: centre.smppUrl,
      SMS_RATE_PER_SECOND: '1000',
      SMS_WINDOW: String(window),
      ...(settings.referenceTag === null ? { SMS_REFERENCE_TAG: '0' } : {}),
    });
  await queueTexts();
  const senders = [start()];
  try {
    await eventually(
      () => centre.inbox().length,
      (count) => count > texts / 4,
      60_000,
    );
    await senders[0]?.end('SIGKILL');
    expect(centre.inbox().length).toBeLessThan(texts);
    const { db } = world.ledger;
    const open = await db
      .selectFrom('text_message')
      .select('text_message_id')
      .where('status', '=', 'submitting')
      .execute();
    expect(open.length).toBeLessThanOrEqual(window);
    // The end of the lease, brought forward.
    await db
      .updateTable('text_message')
      .set({ next_attempt_at: new Date(0) })
      .where('status', '=', 'submitting')
      .execute();
    senders.push(start());
    const rows = await eventually(
      () => db.selectFrom('text_message').select(['status', 'repeats']).execute(),
      (found) => found.every(({ status }) => status === 'accepted' || status === 'delivered'),
      60_000,
    );
    const bodies = centre.inbox().map(({ body }) => body);
    const repeated = bodies.length - new Set(bodies).size;
    expect(new Set(bodies).size).toBe(texts);
    expect(repeated).toBeLessThanOrEqual(mostRepeats);
    const counted = rows.reduce((sum, { repeats }) => sum + repeats, 0);
    expect(counted).toBeGreaterThanOrEqual(repeated);
    expect(counted).toBeLessThanOrEqual(mostRepeats);
  } finally {
    await Promise.all(senders.map((sender) => sender.end('SIGKILL')));
    await centre.close();
  }
});
