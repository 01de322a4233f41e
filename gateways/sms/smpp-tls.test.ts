/** SMPP over TLS: the same texts and receipts, and no word to a centre that cannot prove who it is. */
import { connectSmsGateway } from './connect';
import type { SmsGateway } from './port';
import { startSmsSimulator, type SmsSimulator } from './simulator';
import { simulatedCertificate } from './simulator/certificate';
import { aText, eventually, receiptsOf } from './test-support';

let centre: SmsSimulator;
let gateway: SmsGateway | undefined;
beforeAll(async () => {
  centre = await startSmsSimulator({ tls: true, receiptDelayMs: 20 });
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});
afterAll(() => centre.close());

const reconnecting = { reconnectMinMs: 20, reconnectMaxMs: 100, responseTimeoutMs: 2_000 };
const ca = simulatedCertificate.cert;

test.each(['smpps', 'ssmpp'])('texts go out and receipts come in over %s://', async (scheme) => {
  gateway = connectSmsGateway({
    url: centre.smppUrl.replace(/^smpps/, scheme),
    smpp: { ...reconnecting, ca },
  });
  const receipts = receiptsOf(gateway);
  const text = aText();
  expect(await gateway.send(text)).toMatchObject({ kind: 'accepted' });
  await eventually(() => receipts.length === 1);
  expect(receipts).toMatchObject([{ textMessageId: text.textMessageId, status: 'delivered' }]);
});

test('the name in the certificate counts, not only who signed it', async () => {
  gateway = connectSmsGateway({
    url: centre.smppUrl.replace('127.0.0.1', 'localhost'),
    smpp: { ...reconnecting, ca },
  });
  const named = gateway;
  await eventually(() => named.health().ready);
});

test('a centre whose certificate nobody vouches for gets neither password nor text', async () => {
  gateway = connectSmsGateway({ url: centre.smppUrl, smpp: { ...reconnecting, patienceMs: 300 } });
  expect(await gateway.send(aText())).toMatchObject({ kind: 'throttled' });
  expect(gateway.health()).toEqual({ ready: false, reason: 'unreachable' });
});

test('nobody speaks in the clear with a centre that speaks TLS', async () => {
  gateway = connectSmsGateway({
    url: centre.smppUrl.replace(/^smpps/, 'smpp'),
    smpp: { ...reconnecting, patienceMs: 300 },
  });
  expect(await gateway.send(aText())).toMatchObject({ kind: 'throttled' });
});
