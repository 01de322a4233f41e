/** A stand-in for a mail server: real SMTP, an inbox that shows what people would have received, faults on order. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { Type, type Static } from 'typebox';

export interface MailSimulatorSettings {
  /** 0 (the default) chooses a free port; so for `httpPort`. */
  readonly smtpPort?: number;
  readonly httpPort?: number;
  /** Loopback by default; the inbox and the faults have no login. */
  readonly host?: string;
  /** Append-only file with what was received: addresses and texts of synthetic people, nobody else's. */
  readonly inboxFile?: string;
  readonly username?: string;
  readonly password?: string;
}

/** A mail as it was received first; the same Message-ID again is counted and not shown twice. */
export interface ReceivedMail {
  readonly sequence: number;
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly receivedAt: string;
}

const faultOrder = Type.Object(
  {
    /** What the server answers in place of taking the mail: for good with 550, for now with 451, `drop` hangs up. */
    answer: Type.Union([Type.Literal(451), Type.Literal(550), Type.Literal('drop')]),
    /** At which step: 550 at the recipient is an unknown mailbox, at the data a refused content. */
    at: Type.Optional(Type.Union([Type.Literal('recipient'), Type.Literal('data')])),
    /** The recipient alone whom it concerns; all without. */
    to: Type.Optional(Type.String({ maxLength: 254 })),
    times: Type.Integer({ minimum: 1, maximum: 10_000 }),
  },
  { additionalProperties: false },
);
export type MailFault = Static<typeof faultOrder>;

export interface MailSimulator {
  /** `smtp://user:password@host:port`. */
  readonly smtpUrl: string;
  /** `GET` with `to`, `after` (a sequence), `limit` gives `{messages}`; newest last. */
  readonly inboxUrl: string;
  inbox(to?: string): readonly ReceivedMail[];
  /** Deliveries of mails that had been received before. */
  repeats(): number;
  orderFault(fault: MailFault): void;
  close(): Promise<void>;
}

const defaults = { host: '127.0.0.1', username: 'yiyue', password: 'demo' } as const;
/** Far above what we send; nobody fills the memory of a demonstration. */
const largestMail = 256 * 1024;
const pageSize = 1_000;

const inboxQuery = Type.Object({
  to: Type.Optional(Type.String({ maxLength: 254 })),
  after: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageSize })),
});

class Refusal extends Error {
  constructor(readonly responseCode: 451 | 550) {
    super(responseCode === 550 ? 'mailbox unavailable' : 'try again later');
  }
}

/** Starts the server in this process. Throws when a port is taken or the inbox file cannot be written. */
export async function startMailSimulator(settings: MailSimulatorSettings = {}): Promise<MailSimulator> {
  const { host, username, password } = { ...defaults, ...settings };
  const received = readInbox(settings.inboxFile);
  const known = new Set(received.map(({ messageId }) => messageId));
  let faults: { order: MailFault; left: number }[] = [];
  let repeats = 0;

  const faultFor = (at: 'recipient' | 'data', to: string): MailFault['answer'] | undefined => {
    const due = faults.find(
      ({ order, left }) =>
        left > 0 && (order.at ?? 'recipient') === at && (order.to === undefined || order.to === to),
    );
    if (!due) return undefined;
    due.left -= 1;
    return due.order.answer;
  };
  const take = (mail: Omit<ReceivedMail, 'sequence' | 'receivedAt'>): void => {
    if (known.has(mail.messageId)) {
      repeats += 1;
      return;
    }
    known.add(mail.messageId);
    const entry = { sequence: received.length + 1, ...mail, receivedAt: new Date().toISOString() };
    received.push(entry);
    if (settings.inboxFile !== undefined) appendFileSync(settings.inboxFile, `${JSON.stringify(entry)}\n`);
  };

  /** Takes a mail in; false for what is none. */
  const receive = async (raw: Buffer, to: string): Promise<boolean> => {
    try {
      const mail = await PostalMime.parse(raw);
      take({
        messageId: mail.messageId ?? '',
        from: mail.from?.address ?? '',
        to,
        subject: mail.subject ?? '',
        text: mail.text ?? '',
      });
      return true;
    } catch {
      return false;
    }
  };

  const sockets = new Map<number, Socket>();
  const hangUp = ({ remotePort }: SMTPServerSession): void => void sockets.get(remotePort)?.destroy();
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    size: largestMail,
    logger: false,
    closeTimeout: 500,
    onAuth(auth, _session, done) {
      if (auth.username === username && auth.password === password) done(null, { user: username });
      else done(new Error('wrong user or password'));
    },
    onRcptTo({ address }, session, done) {
      const answer = faultFor('recipient', address);
      if (answer === 'drop') hangUp(session);
      else done(answer === undefined ? null : new Refusal(answer));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo[0]?.address ?? '';
        const answer = faultFor('data', to);
        if (answer === 451 || answer === 550) {
          done(new Refusal(answer));
          return;
        }
        void receive(Buffer.concat(chunks), to).then((taken) => {
          // Taken, and the answer is lost: the sender cannot know.
          if (answer === 'drop') hangUp(session);
          else setImmediate(done, taken ? null : new Refusal(550));
        });
      });
    },
  });
  // A client that hung up in the middle is its own affair.
  smtp.on('error', () => undefined);
  smtp.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once('close', () => sockets.delete(port));
  });
  const smtpPort = await new Promise<number>((resolve, reject) => {
    smtp.server.once('error', reject);
    smtp.listen(settings.smtpPort ?? 0, host, () => {
      const address = smtp.server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

  const http = fastify({ forceCloseConnections: true })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(TypeBoxValidatorCompiler);
  const listOf = (to?: string) => received.filter((mail) => to === undefined || mail.to === to);
  http.get('/inbox', { schema: { querystring: inboxQuery } }, async ({ query }) => {
    const messages = listOf(query.to).filter(({ sequence }) => sequence > (query.after ?? 0));
    return { messages: messages.slice(0, query.limit ?? pageSize) };
  });
  http.post('/faults', { schema: { body: faultOrder } }, async ({ body }, reply) => {
    faults.push({ order: body, left: body.times });
    return reply.code(204).send();
  });
  http.delete('/faults', async (_request, reply) => {
    faults = [];
    return reply.code(204).send();
  });
  const closeSmtp = () => new Promise<void>((resolve) => smtp.close(() => resolve()));
  let inboxUrl: string;
  try {
    inboxUrl = `${await http.listen({ host, port: settings.httpPort ?? 0 })}/inbox`;
  } catch (error) {
    await closeSmtp();
    throw error;
  }
  return {
    smtpUrl: `smtp://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}:${String(smtpPort)}`,
    inboxUrl,
    inbox: listOf,
    repeats: () => repeats,
    orderFault: (order) => void faults.push({ order, left: order.times }),
    async close() {
      await http.close();
      await closeSmtp();
    },
  };
}

/** What an earlier run received. */
function readInbox(file: string | undefined): ReceivedMail[] {
  if (file === undefined || !existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as ReceivedMail];
      } catch {
        // Cut short by a kill: the rest stands.
        return [];
      }
    });
}
