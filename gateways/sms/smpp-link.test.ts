import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, PDU, type Session } from 'smpp';
import { connectSmsGateway } from './connect';
import type { SmsGateway } from './port';
import { aText, eventually, receiptsOf } from './test-support';

/** Centres with manners that the simulator does not have. */
describe('the SMPP connection', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
  });

  /** A centre that answers binds and farewells, and leaves everything else to the test. */
  async function aCentreThat(
    does: (session: Session, pdu: PDU, sessions: number) => void,
    enquireLinkMs = 50,
    responseTimeoutMs = 300,
  ): Promise<{ gateway: SmsGateway; sessions: () => number }> {
    let sessions = 0;
    const server = createServer((session) => {
      sessions += 1;
      const number = sessions;
      session.on('error', () => session.destroy());
      session.on('pdu', (pdu: PDU) => {
        if (pdu.command === 'bind_transceiver') {
          session.send(pdu.response({ system_id: 'strange' }));
        } else if (pdu.command === 'unbind') {
          session.send(pdu.response());
        }
        does(session, pdu, number);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gateway = connectSmsGateway({
      url: `smpp://user:pw@127.0.0.1:${(server.address() as AddressInfo).port}`,
      smpp: {
        responseTimeoutMs,
        patienceMs: 500,
        enquireLinkMs,
        reconnectMinMs: 10,
        reconnectMaxMs: 40,
      },
    });
    closing.push(async () => {
      await gateway.close();
      [...server.sessions].forEach((session) => session.destroy());
      await new Promise((resolve) => server.close(resolve));
    });
    return { gateway, sessions: () => sessions };
  }

  test('is dropped and made anew when the centre goes silent', async () => {
    const { sessions } = await aCentreThat(() => undefined);
    await eventually(() => sessions() >= 3);
  });

  test('stays while the centre says that it lives', async () => {
    let asked = 0;
    const { gateway, sessions } = await aCentreThat(
      (session, pdu) => {
        if (pdu.command === 'enquire_link') {
          asked += 1;
          session.send(pdu.response());
        }
      },
      50,
      10_000,
    );
    await eventually(() => asked > 5);
    expect(gateway.health().ready).toBe(true);
    expect(sessions()).toBe(1);
  });

  const header = '000000050000000000000009';
  test.each([
    ['a PDU longer than any', `7fffffff${header}`, 60_000],
    ['a TLV without the byte that it announces', `00000025${header}${'00'.repeat(17)}04270001`, 60_000],
    ['a PDU shorter than its own header, which only silence betrays', `00000005${header}`, 50],
  ])('is made anew after %s, and texts go out again', async (_what, hex, enquireLinkMs) => {
    const { gateway, sessions } = await aCentreThat((session, pdu, number) => {
      if (pdu.command === 'bind_transceiver' && number === 1) {
        session.socket.write(Buffer.from(hex, 'hex'));
      } else if (pdu.command === 'submit_sm') {
        session.send(pdu.response({ message_id: 'M1' }));
      }
    }, enquireLinkMs);
    await eventually(() => sessions() >= 2);
    expect(await gateway.send(aText())).toEqual({ kind: 'accepted', gatewayMessageId: 'M1', segments: 1 });
  });

  test('takes a farewell and comes back', async () => {
    const { gateway, sessions } = await aCentreThat((session, pdu, number) => {
      if (pdu.command === 'bind_transceiver' && number === 1) {
        session.socket.write(Buffer.from('00000010000000060000000000000001', 'hex'));
      }
    });
    await eventually(() => sessions() >= 2 && gateway.health().ready);
  });

  test.each([
    ['an answer without an id', { message_id: '' }, { kind: 'unknown', reason: 'unreadableAnswer' }],
    ['a full queue', { command_status: 0x14 }, { kind: 'throttled', retryAfterMs: 5_000 }],
    [
      'a system error',
      { command_status: 0x08 },
      { kind: 'rejected', code: 'ESME_RSYSERR', permanent: false },
    ],
    [
      "a vendor's own status",
      { command_status: 0x0410 },
      { kind: 'rejected', code: 'ESME_0x00000410', permanent: false },
    ],
  ])('%s', async (_what, fields, outcome) => {
    const { gateway } = await aCentreThat((session, pdu) => {
      if (pdu.command === 'submit_sm') {
        session.send(pdu.response(fields));
      }
    });
    expect(await gateway.send(aText())).toEqual(outcome);
  });

  test("a citizen's reply is acknowledged and is no receipt", async () => {
    const replies: number[] = [];
    const { gateway } = await aCentreThat((session, pdu) => {
      if (pdu.command === 'bind_transceiver') {
        session.send(new PDU('deliver_sm', { data_coding: 8, short_message: '請問幾點？' }));
      } else if (pdu.command === 'deliver_sm_resp') {
        replies.push(pdu.command_status);
      }
    });
    const receipts = receiptsOf(gateway);
    await eventually(() => replies.length > 0);
    expect(replies).toEqual([0]);
    expect(receipts).toEqual([]);
  });
});
