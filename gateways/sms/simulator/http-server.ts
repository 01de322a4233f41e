/** The HTTP faces of the simulated SMS centre: a Mitake-like gateway, the inbox, and the fault switches. */
import formbody from '@fastify/formbody';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { writeGatewayTime } from '../gateway-time';
import type { SmsCentre, Verdict } from './centre';
import { faultNames } from './faults';
import type { InboxMessage } from './inbox';

export interface HttpServerSettings {
  readonly username: string;
  readonly password: string;
}

/** The path under which the gateway's calls live. */
export const gatewayPath = '/api/mtk';

const idsPerQuery = 100;
const accountPoint = 'AccountPoint=98765';
const inboxPage = 1_000;

const credentials = { username: Type.String(), password: Type.String() };
const count = Type.Optional(Type.Integer({ minimum: 0 }));
const faultOrder = Type.Object(
  {
    ...Object.fromEntries(faultNames.map((name) => [name, count])),
    rejectNumber: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
    receiptsLateByMs: count,
  },
  { additionalProperties: false },
);

/** Builds the server; the inbox and the faults stand open, so it belongs on a loopback address only. */
export async function buildHttpServer(
  centre: SmsCentre,
  settings: HttpServerSettings,
): Promise<FastifyInstance> {
  const app = fastify({ logger: false, forceCloseConnections: true })
    .setValidatorCompiler(TypeBoxValidatorCompiler)
    .withTypeProvider<TypeBoxTypeProvider>();
  await app.register(formbody);
  const isKnown = (given: HttpServerSettings) =>
    given.username === settings.username && given.password === settings.password;

  app.post(
    `${gatewayPath}/SmSend`,
    {
      schema: {
        body: Type.Object({
          ...credentials,
          dstaddr: Type.String(),
          smbody: Type.String(),
          clientid: Type.Optional(Type.String({ maxLength: 36 })),
        }),
      },
    },
    async (request, reply) => {
      reply.type('text/plain; charset=utf-8');
      if (!isKnown(request.body)) {
        return failure('e', 'account or password is wrong');
      }
      const verdict = centre.submit({
        mobile: request.body.dstaddr,
        body: request.body.smbody.replaceAll('\x06', '\n'),
        reference: request.body.clientid,
        channel: 'http',
      });
      return answer(verdict, reply);
    },
  );

  app.post(
    `${gatewayPath}/SmQuery`,
    {
      schema: {
        body: Type.Object({
          ...credentials,
          msgid: Type.Optional(Type.String()),
          clientid: Type.Optional(Type.String({ maxLength: 36 })),
        }),
      },
    },
    async (request, reply) => {
      reply.type('text/plain; charset=utf-8');
      const { msgid, clientid } = request.body;
      if (!isKnown(request.body)) {
        return failure('e', 'account or password is wrong');
      }
      if (msgid === undefined && clientid === undefined) {
        return `${accountPoint}\r\n`;
      }
      const ids = msgid?.split(',') ?? [];
      if (ids.length > idsPerQuery) {
        return failure('w', 'too many ids');
      }
      const found = [
        ...ids.map((id) => centre.inbox.find(id)),
        clientid === undefined ? undefined : centre.inbox.findByReference(clientid),
      ].filter((message) => message !== undefined);
      return found.length === 0
        ? failure('z', 'no such message')
        : found.flatMap((message) => statusRows(centre, message)).join('');
    },
  );

  app.get(
    '/inbox',
    {
      schema: {
        querystring: Type.Object({
          mobile: Type.Optional(Type.String()),
          after: Type.Optional(Type.Integer({ minimum: 0 })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: inboxPage })),
        }),
      },
    },
    async ({ query: { mobile, after = 0, limit = inboxPage } }) => {
      const messages = centre.inbox.list({ mobile, after, limit });
      return { messages, next: messages.at(-1)?.sequence ?? after };
    },
  );

  app.get('/faults', async () => centre.faults.state());
  app.post('/faults', { schema: { body: faultOrder } }, async ({ body }) => {
    centre.faults.order(body);
    return centre.faults.state();
  });
  app.delete('/faults', async () => {
    centre.faults.clear();
    return centre.faults.state();
  });
  return app;
}

/** The answer to SmSend; silence and a cut connection take the reply out of the server's hands. */
function answer(verdict: Verdict, reply: FastifyReply): string | FastifyReply {
  switch (verdict.kind) {
    case 'accepted':
      if (verdict.manner === 'answer') {
        return taken(verdict.message, false);
      }
      reply.hijack();
      if (verdict.manner === 'cut') {
        reply.raw.destroy();
      }
      return reply;
    case 'duplicate':
      return taken(verdict.message, true);
    case 'invalidNumber':
      return failure('v', 'not a mobile number that can be reached');
    case 'emptyBody':
      return failure('u', 'the text is empty');
    case 'throttled':
      return reply.code(429).header('retry-after', '2').send('');
    case 'lost':
      return reply.hijack();
  }
}

function taken(message: InboxMessage, duplicate: boolean): string {
  const lines = ['[1]', `msgid=${message.messageId}`, 'statuscode=1', accountPoint];
  return [...lines, ...(duplicate ? ['Duplicate=Y'] : []), ''].join('\r\n');
}

function failure(status: string, text: string): string {
  return ['[1]', `statuscode=${status}`, `Error=${text}`, ''].join('\r\n');
}

const codeOfEnding: Readonly<Record<string, string>> = { delivered: '4', failed: '6' };

/** An ended text is shown with its end, and counts as told; one on its way as "with the carrier". */
function statusRows(centre: SmsCentre, message: InboxMessage): string[] {
  const ending = centre.inbox.endingOf(message.messageId);
  const status = ending ? (codeOfEnding[ending.status] ?? '1') : '1';
  const time = writeGatewayTime(new Date(ending?.at ?? message.receivedAt));
  if (ending) {
    centre.inbox.markReceipted(message.messageId);
  }
  const row = `${message.messageId}\t${status}\t${time}\r\n`;
  return centre.isDoubled(message.messageId) ? [row, row] : [row];
}
