/** What an SMS gateway can do wrong while texts go out. */
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';

import type { FaultName } from '../../gateways/sms/simulator';
import { doubledText, missingText, refusedText, uncountedRepeat } from './controls';
import type { Breach, Fault, Strike } from './fault';
import { persistently } from '../demo/instance';
import type { FaultWorld } from './world';

const orderedMs = 5_000;
const recordedMs = 500;
/** Back-off of what earlier faults left in doubt included. */
const settledWithinMs = 90_000;

interface GatewayFault {
  readonly order: FaultName;
  readonly texts: number;
  readonly short?: boolean;
}

const orders: readonly GatewayFault[] = [
  { order: 'timeoutAfterAccept', texts: 4, short: true },
  { order: 'cutAfterAccept', texts: 4 },
  { order: 'timeoutBeforeAccept', texts: 3 },
  { order: 'throttle', texts: 25 },
  { order: 'receiptsLate', texts: 20 },
  { order: 'receiptsDoubled', texts: 20 },
  { order: 'receiptsNever', texts: 8 },
];

const orderedFaults: readonly Fault[] = orders.map(({ order, texts, short = false }) => ({
  name: `gateway-${order}`,
  short,
  strike: (world) => ordered(world, order, texts),
  control: order === 'throttle' || order === 'timeoutBeforeAccept' ? missingText : doubledText,
}));

async function ordered(world: FaultWorld, order: FaultName, texts: number): Promise<Strike> {
  await world.orderFromGateway({ [order]: texts });
  await pause(orderedMs);
  const left = await world.gatewayFaultsLeft();
  await world.orderFromGateway({ [order]: 0 });
  return { struck: texts - Number(left[order] ?? texts), what: `texts met ${order}` };
}

/** The number of one of the clients does not exist for a while: its texts are refused for good, all others go out. */
async function refuseNumber(world: FaultWorld): Promise<Strike> {
  const [client] = world.clients;
  if (!client) throw new Error('there is no client');
  await world.orderFromGateway({ rejectNumber: client.person.mobile });
  await pause(orderedMs);
  await world.mendGateway();
  // The last refusals are recorded meanwhile.
  await pause(recordedMs);
  const { rows } = await sql<{ text_message_id: string; attempts: number }>`
    select text_message_id, attempts from text_message
    where person_key = ${client.personKey}::uuid and status = 'rejected' and last_code = 'ESME_RINVDSTADR'
  `.execute(world.ledger.db);
  for (const { text_message_id } of rows) world.refused.add(text_message_id);
  const breaches = rows
    .filter(({ attempts }) => attempts > 1)
    .map(({ text_message_id, attempts }): Breach => {
      const sentence = `the refused text ${text_message_id} was submitted ${String(attempts)} times`;
      return { invariant: 'own', sentence };
    });
  return { struck: rows.length, what: 'texts refused for their number', breaches };
}

/** Texts that a sender before a gateway without dedupe may leave in doubt. */
const plainWindow = 4;

/**
 * The gateway recognises no repeats and loses its answers. A citizen may then get a text twice: no more people than the
 * window holds, and each repeat is counted, which the check of I5 compares with what phones received.
 */
async function loseAnswersUnrecognised(world: FaultWorld): Promise<Strike> {
  const inDoubt = sql`status in ('submitting', 'unknown')`;
  // What earlier faults left is settled under its reference first.
  await untilNoneUnknown(world);
  const before = await countTexts(world, sql`repeats > 0`);
  world.environment.set('text-sender', { SMS_REFERENCE_TAG: '0', SMS_WINDOW: String(plainWindow) });
  let most = 0;
  try {
    await world.restart('text-sender');
    await world.orderFromGateway({ cutAfterAccept: 1_000_000 });
    for (const until = Date.now() + orderedMs; Date.now() < until; await pause(50)) {
      most = Math.max(most, await countTexts(world, inDoubt));
    }
  } finally {
    await world.mendGateway();
    await untilNoneUnknown(world);
    world.environment.delete('text-sender');
    await world.restart('text-sender');
  }
  const struck = (await countTexts(world, sql`repeats > 0`)) - before;
  const breaches = Math.max(most, struck) > plainWindow && {
    ...{ invariant: 'I5' as const },
    sentence: `${String(most)} texts were in doubt and ${String(struck)} may have been repeated, over a window of ${String(plainWindow)}`,
  };
  return { struck, what: 'people who may have a text twice', ...(breaches && { breaches: [breaches] }) };
}

async function countTexts(world: FaultWorld, which: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from text_message where ${which}
  `.execute(world.ledger.db);
  return rows[0]?.count ?? 0;
}

async function untilNoneUnknown(world: FaultWorld): Promise<void> {
  await persistently(async () => {
    const count = await countTexts(world, sql`status = 'unknown'`);
    if (count > 0) throw new Error(`${String(count)} texts are still in doubt`);
  }, settledWithinMs);
}

export const gatewayFaults: readonly Fault[] = [
  ...orderedFaults,
  { name: 'gateway-rejectedNumber', strike: refuseNumber, control: refusedText },
  { name: 'gateway-withoutDedupe', strike: loseAnswersUnrecognised, control: uncountedRepeat },
];
