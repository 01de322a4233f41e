import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectSmsGateway, type SmsGatewaySettings } from './connect';
import type { SmsGateway } from './port';
import { sendAgain } from './resubmission';
import { startSmsSimulator, type SmsSimulator, type SmsSimulatorSettings } from './simulator';
import { aText, atRest, eventually, receiptsOf } from './test-support';

/** Short enough to wait for, long enough for an answer on a busy machine. */
const impatient = { responseTimeoutMs: 600, patienceMs: 1_500, receiptPollMs: 30 };

describe('texts over HTTP', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
  });

  async function aCentre(settings: SmsSimulatorSettings = {}): Promise<SmsSimulator> {
    const centre = await startSmsSimulator({ receiptDelayMs: 20, ...settings });
    closing.push(() => centre.close());
    return centre;
  }

  function aGateway(url: string, http: SmsGatewaySettings['http'] = {}): SmsGateway {
    const gateway = connectSmsGateway({ url, http: { ...impatient, ...http } });
    closing.push(() => gateway.close());
    return gateway;
  }

  /** Another gateway's manners, which the simulator does not have. */
  async function aStrangeGateway(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(
      () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => resolve());
        }),
    );
    return `http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  }

  test('a text is accepted, reaches the phone and is receipted', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    const receipts = receiptsOf(gateway);
    const text = aText({ body: '345 指揮中心\n第二行 & 100% + "符號"' });

    expect(await gateway.send(text)).toMatchObject({ kind: 'accepted', segments: 1 });
    expect(centre.inbox()).toMatchObject([
      { mobile: text.mobile, body: text.body, textMessageId: text.textMessageId, channel: 'http' },
    ]);
    await eventually(() => receipts.length > 0);
    expect(receipts).toMatchObject([
      {
        gatewayMessageId: centre.inbox()[0]?.messageId,
        textMessageId: text.textMessageId,
        status: 'delivered',
      },
    ]);
  });

  test('the same client id again is a duplicate and reaches the phone once', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    const text = aText();

    await gateway.send(text);
    expect(await gateway.send(text)).toEqual({
      kind: 'duplicate',
      gatewayMessageId: centre.inbox()[0]?.messageId,
    });
    expect(centre.inbox()).toHaveLength(1);
  });

  test('a barred number is rejected for ever', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    centre.orderFaults({ rejectNumber: ['0912000666'] });

    expect(await gateway.send(aText({ mobile: '0912000666' }))).toEqual({
      kind: 'rejected',
      code: 'status_v',
      permanent: true,
    });
  });

  test.each([
    ['a number that is no mobile', { mobile: '0223456789' }, 'invalidMobile'],
    ['an empty body', { body: '' }, 'emptyBody'],
    ['a body beyond all measure', { body: '疫'.repeat(20 * 67 + 1) }, 'bodyTooLong'],
  ])('%s is rejected here', async (_what, fields, code) => {
    const gateway = aGateway((await aCentre()).httpUrl);
    expect(await gateway.send(aText(fields))).toEqual({ kind: 'rejected', code, permanent: true });
  });

  test('a wrong password is a refusal that somebody can mend', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl.replace(':demo@', ':wrong@'));
    expect(await gateway.send(aText())).toEqual({ kind: 'rejected', code: 'status_e', permanent: false });
  });

  test('too many requests throttle for as long as the gateway says', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    centre.orderFaults({ throttle: 1 });
    expect(await gateway.send(aText())).toEqual({ kind: 'throttled', retryAfterMs: 2_000 });
    expect(centre.inbox()).toEqual([]);
  });

  test.each([
    ['a lost answer', { timeoutAfterAccept: 1 }, 'timeout'],
    ['a connection cut in place of an answer', { cutAfterAccept: 1 }, 'connectionLost'],
  ])('after %s the gateway is asked, and has it', async (_what, fault, reason) => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    const receipts = receiptsOf(gateway);
    centre.orderFaults(fault);
    const text = aText();

    expect(await gateway.send(text)).toEqual({ kind: 'unknown', reason });
    const again = await sendAgain(gateway, text, 0);

    expect(again).toEqual({
      outcome: { kind: 'duplicate', gatewayMessageId: centre.inbox()[0]?.messageId },
      mayHaveRepeated: false,
    });
    expect(centre.inbox()).toHaveLength(1);
    await eventually(() => receipts.length === 1);
  });

  test('a text that was lost on the way is not found, and is sent again', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    centre.orderFaults({ timeoutBeforeAccept: 1 });
    const text = aText();

    expect(await gateway.send(text)).toEqual({ kind: 'unknown', reason: 'timeout' });
    expect(await gateway.query(text.textMessageId)).toEqual({ kind: 'notFound' });
    // Not found is certain, however long ago: this is no repeat even after the dedupe memory's end.
    expect(await sendAgain(gateway, text, gateway.dedupeMemoryMs)).toMatchObject({
      outcome: { kind: 'accepted' },
      mayHaveRepeated: false,
    });
    expect(centre.inbox()).toHaveLength(1);
  });

  test('where the gateway cannot be asked, the same client id gives one acceptance', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl, { queryByClientId: false });
    centre.orderFaults({ timeoutAfterAccept: 1 });
    const text = aText();

    await gateway.send(text);
    expect(await gateway.query(text.textMessageId)).toEqual({ kind: 'unknown', reason: 'notSupported' });
    expect(await sendAgain(gateway, text, 0)).toMatchObject({
      outcome: { kind: 'duplicate' },
      mayHaveRepeated: false,
    });
    expect(centre.inbox()).toHaveLength(1);
  });

  test('a repeat after the gateway has forgotten the client id is counted', async () => {
    const centre = await aCentre({ dedupe: false });
    const gateway = aGateway(centre.httpUrl, { queryByClientId: false, dedupeMemoryMs: 1_000 });
    centre.orderFaults({ timeoutAfterAccept: 1 });
    const text = aText();

    await gateway.send(text);
    expect(await sendAgain(gateway, text, 1_000)).toMatchObject({ mayHaveRepeated: true });
    expect(centre.inbox()).toHaveLength(2);
  });

  test('a late receipt comes late, a doubled one is handed over once', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    const receipts = receiptsOf(gateway);
    centre.orderFaults({ receiptsLate: 1, receiptsLateByMs: 300, receiptsDoubled: 1 });

    const sentAt = Date.now();
    await gateway.send(aText());
    await eventually(() => receipts.length > 0);
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(299);
    expect(await atRest(() => receipts.length)).toBe(1);
  });

  test('a receipt that never comes is asked for only so long', async () => {
    let asked = 0;
    const url = await aStrangeGateway((request, response) => {
      const sending = request.url?.includes('SmSend') ?? false;
      asked += sending ? 0 : 1;
      response.end(sending ? '[1]\r\nmsgid=A1\r\nstatuscode=1\r\n' : 'A1\t1\t20210615143000\r\n');
    });
    const gateway = aGateway(url, { receiptGiveUpMs: 300 });
    const receipts = receiptsOf(gateway);

    expect(await gateway.send(aText())).toMatchObject({ kind: 'accepted', gatewayMessageId: 'A1' });
    await eventually(() => asked > 0);
    await atRest(() => asked);
    expect(receipts).toEqual([]);
  });

  test('a receipt that could not be recorded is handed over again', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    let tries = 0;
    gateway.onReceipt(() => {
      tries += 1;
      if (tries < 3) {
        throw new Error('the ledger is away');
      }
    });
    await gateway.send(aText());
    await eventually(() => tries === 3);
    expect(await atRest(() => tries)).toBe(3);
  });

  test('receipts awaited before a restart are asked for after it', async () => {
    const centre = await aCentre();
    const before = aGateway(centre.httpUrl, { receiptPollMs: 60_000 });
    const text = aText();
    await before.send(text);
    await before.close();

    const after = aGateway(centre.httpUrl);
    const receipts = receiptsOf(after);
    const gatewayMessageId = centre.inbox()[0]?.messageId ?? '';
    after.expectReceipts([{ gatewayMessageId, textMessageId: text.textMessageId }]);
    await eventually(() => receipts.length > 0);
    expect(receipts).toMatchObject([{ textMessageId: text.textMessageId, status: 'delivered' }]);
  });

  test('a failed text is receipted as failed', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    const receipts = receiptsOf(gateway);
    centre.orderFaults({ receiptsFailed: 1 });
    await gateway.send(aText());
    await eventually(() => receipts.length > 0);
    expect(receipts[0]?.status).toBe('failed');
  });

  test('a centre that is away has taken nothing, and is found again', async () => {
    const first = await aCentre();
    const gateway = aGateway(first.httpUrl);
    await first.close();

    expect(await gateway.send(aText())).toMatchObject({ kind: 'throttled' });
    expect(gateway.health()).toEqual({ ready: false, reason: 'ECONNREFUSED' });

    await aCentre({ httpPort: first.httpPort });
    expect(await gateway.send(aText())).toMatchObject({ kind: 'accepted' });
    expect(gateway.health()).toEqual({ ready: true });
  });

  test('a long Chinese text arrives whole and is counted in segments', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre.httpUrl);
    const body = '您的疫苗接種預約已成立，請準時前往。'.repeat(10);
    expect(await gateway.send(aText({ body }))).toMatchObject({ kind: 'accepted', segments: 3 });
    expect(centre.inbox()).toMatchObject([{ body, segments: 3 }]);
  });

  test.each([
    ['an empty answer', 200, '', { kind: 'unknown', reason: 'unreadableAnswer' }],
    [
      'a page of HTML',
      200,
      '<html><body>statuscode</body></html>',
      { kind: 'unknown', reason: 'unreadableAnswer' },
    ],
    [
      'an acceptance without an id',
      200,
      '[1]\r\nstatuscode=1\r\n',
      { kind: 'unknown', reason: 'unreadableAnswer' },
    ],
    [
      'a code nobody knows',
      200,
      '[1]\r\nstatuscode=<b>\r\n',
      { kind: 'rejected', code: 'status_unreadable', permanent: false },
    ],
    ['a paused service', 200, '[1]\r\nstatuscode=a\r\n', { kind: 'throttled', retryAfterMs: 60_000 }],
    [
      'lower-case fields and bare line ends',
      200,
      '[1]\nMSGID=7\nstatuscode=0\nduplicate=Y\n',
      { kind: 'duplicate', gatewayMessageId: '7' },
    ],
    ['a server error', 500, 'boom', { kind: 'unknown', reason: 'unreadableAnswer' }],
    ['a forbidden address', 403, '', { kind: 'rejected', code: 'http_403', permanent: false }],
  ])('%s', async (_what, status, text, outcome) => {
    const url = await aStrangeGateway((_request, response) => response.writeHead(status).end(text));
    expect(await aGateway(url).send(aText())).toEqual(outcome);
  });

  test('the form holds what the protocol wants, line ends as its own sign', async () => {
    const forms: string[] = [];
    const url = await aStrangeGateway((request, response) => {
      request.on('data', (chunk: Buffer) => forms.push(chunk.toString()));
      request.on('end', () => response.end('[1]\r\nmsgid=1\r\nstatuscode=1\r\n'));
    });
    const text = aText({ body: '一\r\n二\n三&四' });
    await aGateway(url).send(text);
    expect(Object.fromEntries(new URLSearchParams(forms.join('')))).toEqual({
      username: 'user',
      password: 'secret',
      dstaddr: text.mobile,
      smbody: '一\x06二\x06三&四',
      clientid: text.textMessageId,
    });
  });

  test('a redirect is not followed, for it would carry the password along', async () => {
    const visited: string[] = [];
    const url = await aStrangeGateway((request, response) => {
      visited.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await aGateway(url).send(aText())).toEqual({
      kind: 'rejected',
      code: 'http_307',
      permanent: false,
    });
    expect(visited).toEqual(['/api/SmSend?CharsetURL=UTF-8']);
  });

  test('a gateway that answers a question with its balance has not said that it lacks the text', async () => {
    const url = await aStrangeGateway((_request, response) => response.end('AccountPoint=100\r\n'));
    expect(await aGateway(url).query(aText().textMessageId)).toEqual({
      kind: 'unknown',
      reason: 'unreadableAnswer',
    });
  });
});
