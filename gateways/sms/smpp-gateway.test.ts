import { setTimeout as sleep } from 'node:timers/promises';
import { connectSmsGateway, type SmsGatewaySettings } from './connect';
import type { SmsGateway } from './port';
import { sendAgain } from './resubmission';
import { startSmsSimulator, type SmsSimulator, type SmsSimulatorSettings } from './simulator';
import { aText, atRest, eventually, receiptsOf } from './test-support';

/** Short enough to wait for, long enough for an answer on a busy machine. */
const impatient = {
  responseTimeoutMs: 600,
  patienceMs: 1_500,
  reconnectMinMs: 20,
  reconnectMaxMs: 100,
  enquireLinkMs: 100,
};

describe('texts over SMPP', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
  });

  async function aCentre(settings: SmsSimulatorSettings = {}): Promise<SmsSimulator> {
    const centre = await startSmsSimulator({ receiptDelayMs: 20, receiptRetryMs: 150, ...settings });
    closing.push(() => centre.close());
    return centre;
  }

  function aGateway(centre: SmsSimulator, smpp: SmsGatewaySettings['smpp'] = {}): SmsGateway {
    const gateway = connectSmsGateway({ url: centre.smppUrl, smpp: { ...impatient, ...smpp } });
    closing.push(() => gateway.close());
    return gateway;
  }

  test('a text is accepted, reaches the phone and is receipted with our reference', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const receipts = receiptsOf(gateway);
    const text = aText();

    const outcome = await gateway.send(text);

    expect(outcome).toMatchObject({ kind: 'accepted', segments: 1 });
    expect(centre.inbox()).toMatchObject([
      {
        mobile: text.mobile,
        body: text.body,
        textMessageId: text.textMessageId,
        segments: 1,
        channel: 'smpp',
      },
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

  test('the same reference again is a duplicate and reaches the phone once', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const text = aText();

    const first = await gateway.send(text);
    const second = await gateway.send(text);

    expect(first).toMatchObject({ kind: 'accepted' });
    expect(second).toEqual({ kind: 'duplicate', gatewayMessageId: centre.inbox()[0]?.messageId });
    expect(centre.inbox()).toHaveLength(1);
  });

  test('a number that the gateway bars is rejected for ever', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    centre.orderFaults({ rejectNumber: '0912000666' });

    const outcome = await gateway.send(aText({ mobile: '0912000666' }));

    expect(outcome).toEqual({ kind: 'rejected', code: 'ESME_RINVDSTADR', permanent: true });
    expect(centre.inbox()).toEqual([]);
  });

  test.each([
    ['a number that is no mobile', { mobile: '0223456789' }, 'invalidMobile'],
    ['an empty body', { body: '' }, 'emptyBody'],
    ['a body beyond all measure', { body: '疫'.repeat(20 * 67 + 1) }, 'bodyTooLong'],
  ])('%s is rejected here', async (_what, fields, code) => {
    const gateway = aGateway(await aCentre());
    expect(await gateway.send(aText(fields))).toEqual({ kind: 'rejected', code, permanent: true });
  });

  test('a busy centre throttles, and takes the text later', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    centre.orderFaults({ throttle: 1 });
    const text = aText();

    const outcome = await gateway.send(text);
    expect(outcome).toEqual({ kind: 'throttled', retryAfterMs: 1_000 });
    expect(centre.inbox()).toEqual([]);
    expect(await gateway.send(text)).toMatchObject({ kind: 'accepted' });
  });

  test.each([
    ['a lost answer', { timeoutAfterAccept: 1 }, 'timeout'],
    ['a connection cut in place of an answer', { cutAfterAccept: 1 }, 'connectionLost'],
  ])(
    'after %s the outcome is unknown, and a gateway that dedupes keeps one',
    async (_what, fault, reason) => {
      const centre = await aCentre();
      const gateway = aGateway(centre);
      centre.orderFaults(fault);
      const text = aText();

      expect(await gateway.send(text)).toEqual({ kind: 'unknown', reason });
      const again = await sendAgain(gateway, text, 0);

      expect(again.outcome).toMatchObject({ kind: 'duplicate' });
      expect(again.mayHaveRepeated).toBe(false);
      expect(centre.inbox()).toHaveLength(1);
    },
  );

  test('over plain SMPP the text is sent again, may come twice, and is counted', async () => {
    const centre = await aCentre({ dedupe: false });
    const gateway = aGateway(centre, { referenceTag: null });
    centre.orderFaults({ timeoutAfterAccept: 1 });
    const text = aText();

    expect(await gateway.send(text)).toEqual({ kind: 'unknown', reason: 'timeout' });
    const again = await sendAgain(gateway, text, 0);

    expect(gateway.dedupeMemoryMs).toBe(0);
    expect(await gateway.query(text.textMessageId)).toEqual({ kind: 'unknown', reason: 'notSupported' });
    expect(again).toMatchObject({ outcome: { kind: 'accepted' }, mayHaveRepeated: true });
    expect(centre.inbox()).toHaveLength(2);
    expect(centre.inbox()[0]?.textMessageId).toBeNull();
  });

  test('no more texts are unacknowledged at once than the window allows', async () => {
    const centre = await aCentre({ dedupe: false });
    const gateway = aGateway(centre, { maxInFlight: 3, responseTimeoutMs: 5_000, patienceMs: 700 });
    await eventually(() => gateway.health().ready);
    centre.orderFaults({ timeoutAfterAccept: 10 });

    const outcomes = Promise.all(Array.from({ length: 10 }, () => gateway.send(aText())));
    await eventually(() => centre.inbox().length >= 3);
    expect(await atRest(() => centre.inbox().length, 100)).toBe(3);
    await centre.close();

    const kinds = (await outcomes).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'unknown')).toHaveLength(3);
    expect(kinds.filter((kind) => kind === 'throttled')).toHaveLength(7);
  });

  test('many texts at once all arrive, each once', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre, { maxInFlight: 8, responseTimeoutMs: 3_000 });
    const receipts = receiptsOf(gateway);
    const texts = Array.from({ length: 200 }, (_, n) => aText({ body: `第${n}則` }));

    const outcomes = await Promise.all(texts.map((text) => gateway.send(text)));

    expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
    expect(new Set(centre.inbox().map(({ body }) => body))).toEqual(new Set(texts.map(({ body }) => body)));
    await eventually(() => receipts.length >= 200);
  });

  test('a late receipt comes late', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const receipts = receiptsOf(gateway);
    const lateByMs = 400;
    centre.orderFaults({ receiptsLate: 1, receiptsLateByMs: lateByMs });

    const sentAt = Date.now();
    await gateway.send(aText());
    await eventually(() => receipts.length === 1);
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(lateByMs - 1);
  });

  test('a doubled receipt comes twice and says the same', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const receipts = receiptsOf(gateway);
    centre.orderFaults({ receiptsDoubled: 1 });

    await gateway.send(aText());
    await eventually(() => receipts.length >= 2);
    expect(receipts[1]).toEqual(receipts[0]);
  });

  test('a receipt that never comes leaves the text accepted', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const receipts = receiptsOf(gateway);
    centre.orderFaults({ receiptsNever: 1 });

    expect(await gateway.send(aText())).toMatchObject({ kind: 'accepted' });
    await sleep(250);
    expect(receipts).toEqual([]);
  });

  test('a text that did not reach the phone is receipted as failed', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const receipts = receiptsOf(gateway);
    centre.orderFaults({ receiptsFailed: 1 });

    await gateway.send(aText());
    await eventually(() => receipts.length > 0);
    expect(receipts[0]?.status).toBe('failed');
  });

  test('a receipt of senseless bytes does no harm to the next', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const receipts = receiptsOf(gateway);
    centre.orderFaults({ receiptsGarbled: 1 });

    await gateway.send(aText());
    await eventually(() => receipts.length > 0);
    expect(receipts).toMatchObject([{ status: 'delivered' }]);
    expect(gateway.health()).toEqual({ ready: true });
  });

  test('a receipt is offered again until it is recorded', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    let tries = 0;
    gateway.onReceipt(async () => {
      tries += 1;
      if (tries < 3) {
        throw new Error('the ledger is away');
      }
    });

    await gateway.send(aText());
    await eventually(() => tries >= 3);
    // An acknowledgement may cross with one more offer; then it is over.
    expect(await atRest(() => tries)).toBeLessThanOrEqual(4);
  });

  test('a sender that comes back gets the receipts of its last life', async () => {
    const centre = await aCentre({ receiptDelayMs: 150 });
    const before = aGateway(centre);
    const text = aText();
    await before.send(text);
    await before.close();
    await sleep(250);

    const receipts = receiptsOf(aGateway(centre));
    await eventually(() => receipts.length > 0);
    expect(receipts[0]?.textMessageId).toBe(text.textMessageId);
  });

  test('the gateway finds a centre again that was away', async () => {
    const first = await aCentre();
    const gateway = aGateway(first, { patienceMs: 100 });
    expect(await gateway.send(aText())).toMatchObject({ kind: 'accepted' });

    await first.close();
    await eventually(() => !gateway.health().ready);
    expect(await gateway.send(aText())).toMatchObject({ kind: 'throttled' });

    const second = await aCentre({ smppPort: first.smppPort });
    await eventually(() => gateway.health().ready);
    expect(await gateway.send(aText())).toMatchObject({ kind: 'accepted' });
    expect(second.inbox()).toHaveLength(1);
  });

  test('a text that comes while the connection is down waits for it', async () => {
    const first = await aCentre();
    const gateway = aGateway(first, { patienceMs: 3_000 });
    await first.close();

    const outcome = gateway.send(aText());
    await sleep(100);
    await aCentre({ smppPort: first.smppPort });
    expect(await outcome).toMatchObject({ kind: 'accepted' });
  });

  test('a wrong password is told to operations, not thrown', async () => {
    const centre = await aCentre();
    const url = centre.smppUrl.replace(':demo@', ':wrong@');
    const gateway = connectSmsGateway({ url, smpp: { ...impatient, patienceMs: 50 } });
    closing.push(() => gateway.close());

    await eventually(() => !gateway.health().ready && 'reason' in gateway.health());
    await eventually(() => JSON.stringify(gateway.health()).includes('ESME_RINVPASWD'));
    expect(await gateway.send(aText())).toMatchObject({ kind: 'throttled' });
  });

  test('a long Chinese text arrives whole and is counted in segments', async () => {
    const centre = await aCentre();
    const gateway = aGateway(centre);
    const body = `345 疫情指揮中心\n${'您的疫苗接種預約已成立，請準時前往。𠮷'.repeat(12)}`;

    const outcome = await gateway.send(aText({ body }));

    expect(outcome).toMatchObject({ kind: 'accepted', segments: 4 });
    expect(centre.inbox()).toMatchObject([{ body, segments: 4 }]);
  });

  test.each([
    ['short', 'CECC: book by 17:00 [today] ~ cost €0 {free} @clinic_1', 1],
    ['long', 'Your appointment stands: bring your card. '.repeat(8), 3],
  ])('a %s GSM-7 text arrives whole', async (_what, body, segments) => {
    const centre = await aCentre();
    const gateway = aGateway(centre);

    expect(await gateway.send(aText({ body }))).toMatchObject({ kind: 'accepted', segments });
    expect(centre.inbox()).toMatchObject([{ body, segments }]);
  });
});
