/** The sender against the simulated SMS centre, over SMPP and over HTTP. */
import { Registry } from 'prom-client';

import { connectSmsGateway, type SmsGatewaySettings } from '../gateways/sms/connect';
import { startSmsSimulator, type SmsSimulator, type SmsSimulatorSettings } from '../gateways/sms/simulator';
import { findRefusedMobile } from '../ledger/refused-mobile';
import { queueText } from '../ledger/text-message';
import { LedgerWorld } from '../test/builders/ledger-world';
import { eventually } from '../test/support/eventually';
import { openLog } from './log';
import type { Running } from './process';
import { startTextDelivery, type TextDeliveryOptions } from './text-delivery';

let world: LedgerWorld;
let personKey: string;
let contactId: string;
const closing: (() => Promise<void>)[] = [];
const lines: string[] = [];

beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.round();
});
beforeEach(async () => {
  personKey = await world.person();
  contactId = await world.contact(personKey);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await world.ledger.db.deleteFrom('text_message').execute();
});
afterAll(() => world.close());

type Protocol = 'smpp' | 'http';
const reconnecting = { reconnectMinMs: 20, reconnectMaxMs: 100 };
/** What a busy machine answers late is not lost. */
const patient: Partial<SmsGatewaySettings> = {
  smpp: { responseTimeoutMs: 10_000, patienceMs: 400, ...reconnecting },
  http: { responseTimeoutMs: 10_000, patienceMs: 12_000, receiptPollMs: 50 },
};
/** For answers that never come. */
const impatient: Partial<SmsGatewaySettings> = {
  smpp: { responseTimeoutMs: 200, patienceMs: 400, ...reconnecting },
  http: { responseTimeoutMs: 600, patienceMs: 2_000, receiptPollMs: 50 },
};

async function aCentre(settings: SmsSimulatorSettings = {}): Promise<SmsSimulator> {
  const centre = await startSmsSimulator({ receiptDelayMs: 20, receiptRetryMs: 100, ...settings });
  closing.push(() => centre.close());
  return centre;
}

function aSender(
  centre: SmsSimulator,
  protocol: Protocol,
  changes: Partial<TextDeliveryOptions> = {},
  manners = patient,
): Running & { readonly metrics: Registry } {
  const gateway = connectSmsGateway({
    url: protocol === 'smpp' ? centre.smppUrl : centre.httpUrl,
    ...manners,
  });
  const metrics = new Registry();
  const log = openLog('test', { write: (line) => void lines.push(line) });
  const delivery = startTextDelivery({
    ledger: world.ledger,
    gateway,
    ratePerSecond: 1_000,
    log,
    metrics,
    idleMs: 20,
    ...changes,
  });
  const stop = async () => {
    await delivery.stop();
    await gateway.close();
  };
  closing.push(stop);
  return { stop, metrics };
}

const queue = (occasion: string, lane: 'personal' | 'mass' = 'personal') =>
  world.ledger.db.transaction().execute((tx) =>
    queueText(tx, {
      personKey,
      purpose: 'registrationReceived',
      occasion,
      contactId,
      parameters: { registrationNumber: '1000000001', roundId: 'round-1' },
      lane,
    }),
  );
const rows = () =>
  world.ledger.db
    .selectFrom('text_message')
    .select(['occasion', 'status', 'repeats', 'last_code', 'attempts'])
    .orderBy('occasion')
    .execute();
const statuses = async () => (await rows()).map(({ status }) => status);
/** What waits for a later attempt is due now. */
const hurry = () =>
  world.ledger.db
    .updateTable('text_message')
    .set({ next_attempt_at: new Date(0) })
    .execute();
const all = (wanted: string) => (found: readonly string[]) =>
  found.length > 0 && found.every((one) => one === wanted);

describe.each<Protocol>(['smpp', 'http'])('over %s', (protocol) => {
  test('texts go out once and their receipts are recorded', async () => {
    const centre = await aCentre();
    for (let n = 0; n < 20; n += 1) await queue(`o${String(n)}`);
    aSender(centre, protocol);
    await eventually(statuses, all('delivered'));
    expect(centre.inbox()).toHaveLength(20);
    expect(centre.inbox()[0]?.body).toMatch(/^【末三碼678】/);
  });

  test('a text whose answer was lost is settled under the same id, and nobody gets it twice', async () => {
    const centre = await aCentre();
    centre.orderFaults({ timeoutAfterAccept: 1, receiptsNever: 1 });
    await queue('lost');
    aSender(centre, protocol, {}, impatient);
    await eventually(rows, ([row]) => row?.status === 'unknown' || row?.status === 'accepted');
    await eventually(async () => {
      await hurry();
      return statuses();
    }, all('accepted'));
    expect(centre.inbox()).toHaveLength(1);
    expect((await rows())[0]?.repeats).toBe(0);
  });

  test('a number that the gateway refuses for good is never tried again', async () => {
    const centre = await aCentre();
    centre.orderFaults({ rejectNumber: '0900000678' });
    await queue('refused');
    aSender(centre, protocol);
    await eventually(statuses, all('rejected'));
    await hurry();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await rows())[0]).toMatchObject({ status: 'rejected', attempts: 1 });
  });

  test('what was asked to wait is sent later', async () => {
    const centre = await aCentre();
    centre.orderFaults({ throttle: 2 });
    for (const occasion of ['a', 'b', 'c']) await queue(occasion);
    aSender(centre, protocol);
    await eventually(async () => {
      await world.ledger.db
        .updateTable('text_message')
        .set({ next_attempt_at: new Date(0) })
        .where('status', '=', 'queued')
        .execute();
      return statuses();
    }, all('delivered'));
    expect(centre.inbox()).toHaveLength(3);
  });
});

test('over plain SMPP a repeat that cannot be excluded is counted', async () => {
  const centre = await aCentre({ dedupe: false, referenceTag: null });
  centre.orderFaults({ timeoutAfterAccept: 1 });
  await queue('lost');
  const gateway = connectSmsGateway({
    url: centre.smppUrl,
    smpp: { ...impatient.smpp, referenceTag: null },
  });
  const metrics = new Registry();
  const delivery = startTextDelivery({
    ledger: world.ledger,
    gateway,
    ratePerSecond: 100,
    log: openLog('test', { write: () => undefined }),
    metrics,
    idleMs: 20,
  });
  closing.push(async () => {
    await delivery.stop();
    await gateway.close();
  });
  await eventually(rows, ([row]) => row?.status === 'unknown');
  await hurry();
  await eventually(rows, ([row]) => row?.status === 'delivered' || row?.status === 'accepted');
  expect((await rows())[0]?.repeats).toBe(1);
  expect(await metrics.metrics()).toContain('text_possible_repeats_total 1');
  expect(centre.inbox()).toHaveLength(2);
});

test('over plain SMPP no more people are in doubt than the window holds, however long answers stay away', async () => {
  const centre = await aCentre({ dedupe: false, referenceTag: null });
  centre.orderFaults({ timeoutAfterAccept: 1_000 });
  for (let n = 0; n < 20; n += 1) await queue(`o${String(n).padStart(2, '0')}`, n % 2 ? 'mass' : 'personal');
  aSender(centre, 'smpp', { window: 4 }, { smpp: { ...impatient.smpp, referenceTag: null } });
  // Each of the four is submitted again and again, and nobody else's text goes out.
  const sooner = () =>
    world.ledger.db
      .updateTable('text_message')
      .set({ next_attempt_at: new Date(0) })
      .where('lease_until', 'is', null)
      .execute();
  await eventually(
    async () => {
      await sooner();
      return rows();
    },
    (found) => found.filter(({ repeats }) => repeats >= 2).length === 4,
  );
  expect((await rows()).filter(({ attempts }) => attempts > 0)).toHaveLength(4);
  centre.orderFaults({ timeoutAfterAccept: 0 });
  await eventually(async () => {
    await sooner();
    return statuses();
  }, all('delivered'));
  const repeated = (await rows()).filter(({ repeats }) => repeats > 0);
  expect(repeated).toHaveLength(4);
  // None that came twice went uncounted.
  const counted = repeated.reduce((sum, { repeats }) => sum + repeats, 0);
  expect(centre.inbox().length - 20).toBeLessThanOrEqual(counted);
});

test('nothing is lost while the gateway is away', async () => {
  const centre = await aCentre();
  const { smppPort } = centre;
  await centre.close();
  await queue('patient');
  aSender(centre, 'smpp');
  await eventually(
    () => lines.filter((line) => line.includes('the SMS gateway is away')).length,
    (count) => count > 0,
  );
  expect(await statuses()).toEqual(['queued']);
  const back = await aCentre({ smppPort });
  await eventually(statuses, all('delivered'));
  expect(back.inbox()).toHaveLength(1);
});

test('texts are paced as the contract says, the personal ones first', async () => {
  const centre = await aCentre();
  for (let n = 0; n < 6; n += 1) await queue(`mass${String(n)}`, 'mass');
  await queue('mine');
  const begun = Date.now();
  aSender(centre, 'smpp', { ratePerSecond: 3 });
  await eventually(
    () => centre.inbox().length,
    (count) => count === 7,
  );
  expect(Date.now() - begun).toBeGreaterThan(1_900);
  const first = centre.inbox().reduce((a, b) => (a.sequence < b.sequence ? a : b));
  const [mine] = await world.ledger.db
    .selectFrom('text_message')
    .select('text_message_id')
    .where('occasion', '=', 'mine')
    .execute();
  expect(first.textMessageId).toBe(mine?.text_message_id);
});

test('a sender that is stopped gives back what it had not submitted', async () => {
  const centre = await aCentre();
  for (let n = 0; n < 20; n += 1) await queue(`o${String(n).padStart(2, '0')}`);
  const sender = aSender(centre, 'smpp', { ratePerSecond: 2 });
  await eventually(
    () => centre.inbox().length,
    (count) => count >= 2,
  );
  await sender.stop();
  const left = (await statuses()).filter((status) => status === 'queued').length;
  expect(left).toBe(20 - centre.inbox().length);
  aSender(centre, 'smpp');
  await eventually(statuses, (found) =>
    found.every((status) => status === 'delivered' || status === 'accepted'),
  );
  expect(centre.inbox()).toHaveLength(20);
});

describe('receipts', () => {
  test('that come late are recorded when they come', async () => {
    const centre = await aCentre();
    centre.orderFaults({ receiptsLate: 3, receiptsLateByMs: 700 });
    for (const occasion of ['a', 'b', 'c']) await queue(occasion);
    aSender(centre, 'smpp');
    await eventually(statuses, all('accepted'));
    await eventually(statuses, all('delivered'));
  });

  test('that come twice, even in one batch, change nothing the second time', async () => {
    const centre = await aCentre();
    centre.orderFaults({ receiptsDoubled: 20 });
    for (let n = 0; n < 20; n += 1) await queue(`o${String(n)}`);
    const { metrics } = aSender(centre, 'smpp');
    await eventually(statuses, all('delivered'));
    // A centre that is answered late offers a receipt once more than was ordered.
    const page = await eventually(
      () => metrics.metrics(),
      (text) => Number(/^text_receipts_total\{answer="repeated"\} (\d+)$/m.exec(text)?.[1]) >= 20,
    );
    expect(page).toContain('text_receipts_total{answer="recorded"} 20');
  });

  test('that never come leave the text accepted, and are counted once a day has passed', async () => {
    const centre = await aCentre();
    centre.orderFaults({ receiptsNever: 2 });
    for (const occasion of ['a', 'b']) await queue(occasion);
    const { metrics } = aSender(centre, 'smpp');
    await eventually(statuses, all('accepted'));
    expect(await metrics.metrics()).toContain('texts_without_receipt 0');
    await world.ledger.db
      .updateTable('text_message')
      .set({ accepted_at: new Date(Date.now() - 25 * 3_600_000) })
      .execute();
    expect(await metrics.metrics()).toContain('texts_without_receipt 2');
  });

  test('of a text that a plain gateway took from another sender wait until that one has recorded it', async () => {
    const centre = await aCentre({ dedupe: false, referenceTag: null });
    const gateway = connectSmsGateway({ url: centre.smppUrl, smpp: { referenceTag: null } });
    await queue('elsewhere');
    const [row] = await world.ledger.db.selectFrom('text_message').select('text_message_id').execute();
    const textMessageId = row?.text_message_id ?? '';
    await world.ledger.db.updateTable('text_message').set({ status: 'submitting' }).execute();
    const sender = aSender(centre, 'smpp', { window: 1 });
    const sent = await gateway.send({ textMessageId, mobile: '0900000678', body: '測試' });
    if (sent.kind !== 'accepted') throw new Error(sent.kind);
    // With that connection gone the receipt comes to the sender; half a second later the text is recorded.
    await gateway.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await world.ledger.db
      .updateTable('text_message')
      .set({ status: 'accepted', gateway_message_id: sent.gatewayMessageId })
      .execute();
    await eventually(statuses, all('delivered'));
    await sender.stop();
  });
});

test('a number that the gateway refuses is counted for operations, and told to the person', async () => {
  const centre = await aCentre();
  centre.orderFaults({ rejectNumber: '0900000678' });
  await queue('refused');
  const { metrics } = aSender(centre, 'smpp');
  await eventually(statuses, all('rejected'));
  expect(await metrics.metrics()).toContain('texts_refused 1');
  expect(await findRefusedMobile(world.ledger, personKey)).toBe('0900000678');
  await world.contact(personKey, '0911222333');
  expect(await findRefusedMobile(world.ledger, personKey)).toBeUndefined();
});

test('an outage of the ledger loses no answer of the gateway', async () => {
  const centre = await aCentre({ dedupe: false, referenceTag: null });
  for (let n = 0; n < 30; n += 1) await queue(`o${String(n)}`);
  const { pool } = world.ledger;
  const connect = pool.connect.bind(pool);
  aSender(centre, 'smpp', { ratePerSecond: 100 });
  await eventually(
    () => centre.inbox().length,
    (count) => count > 3,
  );
  // Every statement of the sender fails for a while, those that record among them.
  pool.connect = (() => Promise.reject(new Error('away'))) as typeof pool.connect;
  await new Promise((resolve) => setTimeout(resolve, 700));
  pool.connect = connect;
  await eventually(statuses, (found) =>
    found.every((status) => status === 'delivered' || status === 'accepted'),
  );
  expect(centre.inbox()).toHaveLength(30);
});

test('the log holds neither mobiles nor texts', () => {
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => /0900000678|末三碼|1000000001/.test(line))).toEqual([]);
});
