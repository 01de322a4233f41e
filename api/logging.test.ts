import { AppWorld } from '../test/support/app';
import { errorFacts } from './logging';

const canaryMobile = '0955123987';

test('the log holds method, route, status and time, and nothing that people sent', async () => {
  const lines: string[] = [];
  const world = await AppWorld.create({
    logLevel: 'trace',
    logStream: { write: (line) => void lines.push(line) },
  });
  try {
    await world.world.round();
    const person = await world.insured();
    const citizen = await world.signIn(person);
    await world.trySignIn({ ...person, cardNumber: '990012345678' });
    await citizen.act('POST', '/v1/appointments', { slotId: 1, mobile: canaryMobile });
    await citizen.act('GET', '/v1/appointments/2955123987?canary=query');
    await world.app.inject({ url: '/canary-path?canary', headers: { 'user-agent': 'canary-agent' } });
    await world.app.inject({
      method: 'POST',
      url: '/v1/sessions',
      payload: `{"personNumber": "${person.personNumber}", canary`,
      headers: { 'content-type': 'application/json' },
    });
    await world.world.ledger.pool.query('alter table appointment drop column booked_at');
    await citizen.act('GET', '/v1/appointments');
    const log = lines.join('');
    expect(log).toContain('"route":"/v1/appointments/:appointmentNumber"');
    expect(log).toContain('"code":"42703"');
    for (const personal of [
      person.personNumber,
      person.cardNumber,
      person.name,
      canaryMobile,
      '990012345678',
      '2955123987',
      'canary',
      citizen.cookie.slice(10, 40),
      '127.0.0.1',
    ]) {
      expect(log).not.toContain(personal);
    }
    // The control: the same search finds what is there.
    expect(log).toContain('"status":404');
  } finally {
    await world.close();
  }
});

test('an error is told by type, code, constraint and place, never by its words', () => {
  const error = Object.assign(new TypeError('canary value "A123456789"\n    canary line'), {
    code: '23505',
    constraint: 'appointment_one_live_per_person',
    detail: 'Key (canary)=(1) already exists.',
  });
  const facts = errorFacts(error);
  expect(facts).toMatchObject({
    type: 'TypeError',
    code: '23505',
    constraint: 'appointment_one_live_per_person',
  });
  expect(facts.frames).toContain('logging.test.ts');
  expect(JSON.stringify(facts)).not.toContain('canary');
  expect(errorFacts('canary')).toEqual({ type: 'string' });
});

test('who comes while the process cannot keep up is told so, and operations are not turned away', async () => {
  const world = await AppWorld.create({ maxEventLoopDelayMs: 20 });
  try {
    const until = performance.now() + 900;
    // Blocks the loop as an overload does, letting the sampler in between.
    while (performance.now() < until) {
      const busy = performance.now() + 200;
      while (performance.now() < busy);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answer = await world.app.inject('/v1/rounds/current');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'overloaded', retryAfterSeconds: 5 });
    expect(answer.headers['retry-after']).toBe('5');
    expect((await world.app.inject('/healthz')).statusCode).toBe(200);
  } finally {
    await world.close();
  }
});
