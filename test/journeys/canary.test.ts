import { appendFileSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { openInstance, type Instance } from '../../scripts/demo/instance';
import { CitizenClient } from '../../scripts/demo/citizen-client';
import { walk } from '../../scripts/demo/walk';
import { Way } from '../../scripts/demo/way';
import { wholeWay } from '../../scripts/demo/whole-way';
import { systemErrorCode } from '../../scripts/runtime/failure';
import { eventually } from '../support/eventually';
import { TraceCollector } from '../support/trace-collector';
import { findCanaries, type CanaryFind } from '../../scripts/faults/canary-scan';
import { journeyPerson, loadJourneyRound } from './journey-round';

jest.setTimeout(180_000);

const person = journeyPerson(99, '金絲雀鳴');
const { name, personNumber, cardNumber, mobile } = person;
const canaries = { name, personNumber, cardNumber, mobile };
/** What the simulated phones received and what the ledger keeps encrypted are where these values belong. */
const homeOf = new Set(['postgres', 'sms-inbox.jsonl', 'mail-inbox.jsonl']);

let instance: Instance;
let traces: TraceCollector;
/** Bodies of all answers, by status. */
const answers: { readonly status: number; readonly text: string }[] = [];
const client = () => new CitizenClient(instance.url, ({ status }, text) => answers.push({ status, text }));

beforeAll(async () => {
  traces = await TraceCollector.start();
  instance = await openInstance({
    given: { TRACES_URL: traces.url, TRACES_SHARE: '1' },
    loadData: (databaseUrl) =>
      loadJourneyRound(databaseUrl, new Date().toISOString(), { roundId: 'canary', people: [person] }),
  });
});
afterAll(async () => {
  await instance.close();
  await traces.close();
});

/** Every file of the instance's folder but those where personal values belong. */
function filesOfTheHome(folder = instance.home): string[] {
  return readdirSync(folder).flatMap((entry) => {
    const file = path.join(folder, entry);
    if (homeOf.has(entry)) return [];
    return statSync(file, { throwIfNoEntry: false })?.isDirectory() ? filesOfTheHome(file) : [file];
  });
}

function findsInFiles(): CanaryFind[] {
  return filesOfTheHome().flatMap((file) => [
    ...findCanaries(canaries, contentOf(file), path.relative(instance.home, file)),
  ]);
}

/** The database engine's journal comes and goes while it works. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** All that Temporal answers on every run: description with memo and attributes, details, and the whole history. */
async function findsInTemporal(): Promise<{ readonly finds: readonly CanaryFind[]; readonly runs: number }> {
  const { workflow } = instance.temporal.client;
  const finds: CanaryFind[] = [];
  let runs = 0;
  for await (const { workflowId, runId, taskQueue } of workflow.list()) {
    const handle = workflow.getHandle(workflowId, runId);
    const { raw } = await handle.describe();
    const history = await handle.fetchHistory();
    const told = taskQueue === 'citizen' ? await handle.query('__temporal_workflow_metadata') : null;
    const bytes = Buffer.from(JSON.stringify([raw, history, told], readable));
    finds.push(...findCanaries(canaries, bytes, `run of ${workflowId.split('/')[0] ?? ''}`));
    runs += 1;
  }
  return { finds, runs };
}

/** Payloads as the text that they are, beside what stands around them. */
function readable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
}

const findsInAnswers = () =>
  answers.flatMap(({ status, text }) => [
    ...findCanaries(canaries, Buffer.from(text), `answer ${String(status)}`),
  ]);

const findsInTraces = () => traces.bodies.flatMap((body) => [...findCanaries(canaries, body, 'traces')]);

async function refusalsOfEveryKind(): Promise<void> {
  const stranger = client();
  const wrongCard = cardNumber.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
  const session = async (body: object) =>
    stranger.call('POST', '/v1/sessions', {
      method: 'card-number',
      captcha: await stranger.solveCaptcha(),
      ...body,
    });
  await session({ personNumber, cardNumber: wrongCard });
  await session({ personNumber: `${personNumber}9`, cardNumber });
  await session({ personNumber, cardNumber: `${cardNumber}x` });
  await session({ personNumber, cardNumber, name, [name]: mobile });
  await session({
    personNumber,
    cardNumber,
    captcha: Buffer.from(JSON.stringify(canaries)).toString('base64'),
  });
  const lookUp = async (mobileLastThree: string) =>
    stranger.call('POST', '/v1/quick-lookups', {
      personNumber,
      mobileLastThree,
      captcha: await stranger.solveCaptcha(),
    });
  await lookUp('000');
  await lookUp(mobile);
  await stranger.call('GET', `/v1/sites?districtCode=${mobile}&product=${encodeURIComponent(name)}`);
  await stranger.call('GET', `/v1/${encodeURIComponent(name)}/${personNumber}?mobile=${mobile}`);
  await stranger.call('GET', `/v1/appointments/${personNumber}`);
  await stranger.call('PUT', '/v1/registration', { mobile, districtCode: name, products: [personNumber] });
  await stranger.call('DELETE', '/v1/registration', undefined, { key: mobile });
  const raw = async (at: string, type: string, body: string) => {
    const response = await fetch(instance.url + at, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    answers.push({ status: response.status, text: await response.text() });
  };
  await raw('/v1/sessions', 'application/json', `{"personNumber": "${personNumber}", "name": ${name}`);
  await raw('/v1/sessions', 'text/plain', `${name} ${mobile}`);
  await raw('/sign-in', 'application/x-www-form-urlencoded', new URLSearchParams(canaries).toString());
}

/** What goes wrong while the person is signed in: wrong answers, and a database that dies under them. */
async function faultsOfTheSignedIn(way: Way): Promise<void> {
  const { client: citizen } = way;
  await citizen.call('PUT', '/v1/registration', {
    mobile: `${mobile}${name}`,
    districtCode: '63000020',
    products: [name],
  });
  await citizen.call('PUT', '/v1/registration', { mobile, districtCode: mobile, products: ['Moderna'] });
  await citizen.call('POST', '/v1/appointments', { slotId: 999_999_999, mobile });
  await instance.crash('postgres');
  await citizen.call('PUT', '/v1/registration', { mobile, districtCode: '63000020', products: ['Moderna'] });
  await client().call('POST', '/v1/sessions', {
    method: 'card-number',
    personNumber,
    cardNumber,
    captcha: 'x',
  });
  await instance.revive('postgres');
}

test('name, number, card and mobile of a citizen on the whole way stand nowhere but in the ledger and on the phone', async () => {
  await refusalsOfEveryKind();
  const way = new Way(instance, person, client());
  await walk(way, wholeWay, {
    between: async (place) => {
      if (place === 2) await faultsOfTheSignedIn(way);
    },
  });
  const lookup = await client().call('POST', '/v1/quick-lookups', {
    personNumber,
    mobileLastThree: mobile.slice(-3),
    captcha: await way.client.solveCaptcha(),
  });
  expect(lookup.status).toBe(200);
  expect(answers.filter(({ status }) => status >= 400).length).toBeGreaterThan(15);

  expect(findsInAnswers()).toEqual([]);
  expect(findsInFiles()).toEqual([]);
  const { finds, runs } = await findsInTemporal();
  expect(finds).toEqual([]);
  expect(runs).toBeGreaterThan(2);
  expect(traces.spans.length).toBeGreaterThan(50);
  expect(findsInTraces()).toEqual([]);
});

test('a trace leads from a citizen’s request through the relay to the activity that it brought about', async () => {
  const waysTo = (name: string) =>
    traces.spans
      .filter((span) => span.name === name)
      .map((span) =>
        traces
          .wayTo(span)
          .map((one) => `${one.service} ${one.name}`)
          .join(' > '),
      );
  const signal = 'yiyue-relay SignalWithStartWorkflow:citizen';
  // A booking goes through a batch with others', and its trace all the same through to the engine.
  const booked = ['yiyue-api POST /v1/appointments', 'yiyue-api book', signal].join(' > ');
  await eventually(
    () => waysTo('SignalWithStartWorkflow:citizen'),
    (ways) => ways.includes(booked),
  );
  // The reminder is of the appointment as it was moved to, and is met in the trace of that.
  const reminded = [
    'yiyue-api PUT /v1/appointments/:appointmentNumber',
    'yiyue-api move',
    signal,
    'yiyue-citizen HandleSignal:citizenChanged',
    'yiyue-citizen StartActivity:meetObligation',
    'yiyue-citizen RunActivity:meetObligation',
  ].join(' > ');
  await eventually(
    () => waysTo('RunActivity:meetObligation'),
    (ways) => ways.includes(reminded),
  );
});

test('control: what is planted in a log, a payload, a memo and an answer is found by the same look', async () => {
  appendFileSync(path.join(instance.home, 'logs', 'api.log'), `{"msg":"no such person ${name}"}\n`);
  const { workflow } = instance.temporal.client;
  await workflow.start('planted', {
    workflowId: 'planted/argument',
    taskQueue: 'nobody',
    args: [{ personNumber }],
    memo: { note: Buffer.from(`card ${cardNumber}`).toString('base64') },
  });
  answers.push({ status: 422, text: JSON.stringify({ detail: `${mobile} is wrong` }) });
  await instance.temporal.client.workflow.getHandle('planted/argument').describe();

  expect(findsInAnswers()).toEqual([{ canary: 'mobile', where: 'answer 422' }]);
  expect(findsInFiles()).toContainEqual({ canary: 'name', where: 'logs/api.log' });
  // The server's file and its journal are read as the bytes that they are.
  expect(findsInFiles()).toContainEqual({
    canary: 'personNumber',
    where: expect.stringMatching(/^temporal\.db/) as string,
  });
  const { finds } = await findsInTemporal();
  expect(finds).toContainEqual({ canary: 'personNumber', where: 'run of planted' });
  expect(finds).toContainEqual({ canary: 'cardNumber', where: 'run of planted' });
});
