/** Mails on their way: real SMTP to the simulated server, through what it refuses, puts off and loses. */
import { Registry } from 'prom-client';
import { sql } from 'kysely';

import { startMailSimulator, type MailSimulator } from '../gateways/mail/simulator';
import { createSmtpMail } from '../gateways/mail/smtp-mail';
import { newestLinkMail, queueMail } from '../ledger/mail-message';
import { LedgerWorld } from '../test/builders/ledger-world';
import { eventually } from '../test/support/eventually';
import { openLog } from './log';
import { startMailDelivery } from './mail-delivery';

let world: LedgerWorld;
let server: MailSimulator;
const lines: string[] = [];
const log = openLog('test', { write: (line) => void lines.push(line) });

beforeAll(async () => {
  world = await LedgerWorld.create();
  server = await startMailSimulator();
});
afterAll(async () => {
  await server.close();
  await world.close();
});

let addresses = 0;
/** Queues a mail with a link and answers to whom. */
async function queued(): Promise<{ to: string; personKey: string }> {
  addresses += 1;
  const to = `citizen${String(addresses)}@example.com`;
  const personKey = await world.person();
  const link = { token: 'T'.repeat(43), tokenHash: Buffer.alloc(32, addresses) };
  await world.ledger.db.transaction().execute((tx) =>
    queueMail(world.ledger, tx, {
      ...{ personKey, purpose: 'confirmApplication', to, language: 'zh', link },
      parameters: { until: '2031-07-04T00:00:00.000Z' },
    }),
  );
  return { to, personKey };
}

async function whileSending(work: () => Promise<void>, url = server.smtpUrl): Promise<void> {
  const gateway = createSmtpMail({
    url,
    from: '健保卡網路服務 <noreply@yiyue.example>',
    requireTls: false,
    timeoutMs: 1_000,
  });
  const delivery = startMailDelivery({
    ...{
      ledger: world.ledger,
      gateway,
      publicOrigin: 'https://vaccine.example',
      log,
      metrics: new Registry(),
    },
    ...{ idleMs: 20, firstPauseMs: 50, leaseMs: 2_000 },
  });
  try {
    await work();
  } finally {
    await delivery.stop();
    await gateway.close();
  }
}

const standing = (personKey: string) => newestLinkMail(world.ledger.db, personKey);

test('a mail arrives whole, with its link, and its secret is forgotten', async () => {
  const { to, personKey } = await queued();
  await whileSending(async () => {
    await eventually(
      () => standing(personKey),
      (mail) => mail?.status === 'sent',
    );
  });
  const [mail] = server.inbox(to);
  expect(mail).toMatchObject({
    from: 'noreply@yiyue.example',
    subject: '請確認您的電子信箱：健保卡網路服務註冊',
    text: expect.stringContaining(`https://vaccine.example/account/confirm?token=${'T'.repeat(43)}`),
  });
  const { rows } = await sql<{
    kept: number;
  }>`select count(*) as kept from mail_message where token_cipher is not null`.execute(world.ledger.db);
  expect(rows[0]?.kept).toBe(0);
});

test('a mailbox that does not exist is tried once and told', async () => {
  const { to, personKey } = await queued();
  server.orderFault({ answer: 550, to, times: 5 });
  await whileSending(async () => {
    const refused = await eventually(
      () => standing(personKey),
      (mail) => mail?.status === 'refused',
    );
    expect(refused).toMatchObject({ attempts: 1, lastCode: '550' });
  });
  expect(server.inbox(to)).toEqual([]);
});

test('a server that puts us off is asked again, with longer and longer pauses', async () => {
  const { to, personKey } = await queued();
  server.orderFault({ answer: 451, to, times: 2, at: 'data' });
  await whileSending(async () => {
    const sent = await eventually(
      () => standing(personKey),
      (mail) => mail?.status === 'sent',
    );
    expect(sent?.attempts).toBe(3);
  });
  expect(server.inbox(to)).toHaveLength(1);
});

test('a mail whose acceptance was lost is sent again under its Message-ID, and shown once', async () => {
  const { to, personKey } = await queued();
  server.orderFault({ answer: 'drop', to, times: 1, at: 'data' });
  const before = server.repeats();
  await whileSending(async () => {
    await eventually(
      () => standing(personKey),
      (mail) => mail?.status === 'sent',
    );
  });
  expect(server.repeats() - before).toBe(1);
  expect(server.inbox(to)).toHaveLength(1);
});

test('a server that is away costs no tries, and what waits is sent when it is back', async () => {
  const { personKey } = await queued();
  await whileSending(async () => {
    await eventually(
      () => standing(personKey),
      (mail) => mail?.lastCode === 'ESOCKET' || mail?.lastCode === 'ECONNECTION',
    );
    expect(await standing(personKey)).toMatchObject({ status: 'queued' });
  }, 'smtp://127.0.0.1:1');
  await whileSending(async () => {
    await eventually(
      () => standing(personKey),
      (mail) => mail?.status === 'sent',
    );
  });
  expect((await standing(personKey))?.attempts).toBe(1);
});

test('no address and no link stand in the log', () => {
  expect(lines.join('')).toContain('a mail was refused');
  expect(lines.join('')).not.toMatch(/citizen\d|TTTT/);
});
