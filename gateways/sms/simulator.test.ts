import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSmsGateway } from './connect';
import { startSmsSimulator, type SmsSimulator, type SmsSimulatorSettings } from './simulator';
import { aText, eventually, receiptsOf } from './test-support';

describe('the simulated SMS centre', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sms-inbox-'));
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function aCentre(settings: SmsSimulatorSettings): Promise<SmsSimulator> {
    const centre = await startSmsSimulator({ receiptDelayMs: 20, receiptRetryMs: 100, ...settings });
    closing.push(() => centre.close());
    return centre;
  }

  async function send(centre: SmsSimulator, ...texts: ReturnType<typeof aText>[]): Promise<string[]> {
    const gateway = connectSmsGateway({ url: centre.smppUrl });
    receiptsOf(gateway);
    const kinds: string[] = [];
    for (const text of texts) {
      kinds.push((await gateway.send(text)).kind);
    }
    await gateway.close();
    return kinds;
  }

  test('keeps inbox, numbering and references across a restart', async () => {
    const inboxFile = join(folder, 'new', 'folder', 'inbox.jsonl');
    const first = await aCentre({ inboxFile });
    const text = aText();
    await send(first, text);
    await first.close();
    const before = first.inbox();

    const second = await aCentre({ inboxFile });
    expect(second.inbox()).toEqual(before);
    expect(await send(second, text, aText())).toEqual(['duplicate', 'accepted']);
    expect(second.inbox().map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('reads on past a line that a kill cut short', async () => {
    const inboxFile = join(folder, 'torn.jsonl');
    const first = await aCentre({ inboxFile });
    await send(first, aText());
    await first.close();
    appendFileSync(inboxFile, '{"type":"received","message":{"sequ');

    const second = await aCentre({ inboxFile });
    await send(second, aText());
    await second.close();
    const third = await aCentre({ inboxFile });
    expect(third.inbox().map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('delivers after a restart the receipts that it owed before', async () => {
    const inboxFile = join(folder, 'owed.jsonl');
    const first = await aCentre({ inboxFile });
    first.orderFaults({ receiptsNever: 1 });
    const text = aText();
    await send(first, text);
    await first.close();

    const second = await aCentre({ inboxFile });
    const gateway = connectSmsGateway({ url: second.smppUrl });
    closing.push(() => gateway.close());
    const receipts = receiptsOf(gateway);
    await eventually(() => receipts.length > 0);
    expect(receipts).toMatchObject([{ textMessageId: text.textMessageId, status: 'delivered' }]);
  });

  test('shows by HTTP what one phone received since the last look', async () => {
    const centre = await aCentre({});
    const mine = { mobile: '0912000001' };
    await send(centre, aText(mine), aText({ mobile: '0912000002' }), aText({ ...mine, body: '第二則' }));

    const all = await (await fetch(`${centre.inboxUrl}?mobile=${mine.mobile}`)).json();
    expect(all).toMatchObject({ messages: [{ sequence: 1 }, { sequence: 3 }], next: 3 });
    const news = await (await fetch(`${centre.inboxUrl}?mobile=${mine.mobile}&after=1`)).json();
    expect(news).toMatchObject({ messages: [{ sequence: 3, body: '第二則', segments: 1 }], next: 3 });
    const none = await (await fetch(`${centre.inboxUrl}?after=3`)).json();
    expect(none).toEqual({ messages: [], next: 3 });
  });

  test('takes orders for faults by HTTP, shows them, clears them, and refuses unknown ones', async () => {
    const centre = await aCentre({});
    const order = (body: object) =>
      fetch(centre.faultsUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });

    expect(await (await order({ throttle: 1, rejectNumber: '0912000009' })).json()).toMatchObject({
      throttle: 1,
      rejectNumber: ['0912000009'],
    });
    expect(await send(centre, aText(), aText({ mobile: '0912000009' }))).toEqual(['throttled', 'rejected']);
    expect((await order({ throttle: -1 })).status).toBe(400);
    expect((await order({ explode: 1 })).status).toBe(400);
    const cleared = await (await fetch(centre.faultsUrl, { method: 'DELETE' })).json();
    expect(cleared).toMatchObject({ throttle: 0, rejectNumber: [] });
  });

  test('outlives bytes that are no SMPP', async () => {
    const centre = await aCentre({});
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from('0000001000000004', 'hex'),
      Buffer.concat([Buffer.from('00000014000000040000000000000001', 'hex'), Buffer.from('ffffffff', 'hex')]),
    ]) {
      const socket = createConnection(centre.smppPort, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      socket.destroy();
    }
    expect(await send(centre, aText())).toEqual(['accepted']);
  });

  test('says so when its port is taken, and lets go of the rest', async () => {
    const centre = await aCentre({});
    await expect(startSmsSimulator({ httpPort: centre.httpPort })).rejects.toThrow('EADDRINUSE');
    await expect(startSmsSimulator({ smppPort: centre.smppPort })).rejects.toThrow('EADDRINUSE');
  });
});
