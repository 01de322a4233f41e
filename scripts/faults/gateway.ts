/** What an SMS gateway can do wrong while texts go out. */
import { setTimeout as pause } from 'node:timers/promises';

import type { FaultName } from '../../gateways/sms/simulator';
import { doubledText, missingText } from './controls';
import type { Fault, Strike } from './fault';
import type { FaultWorld } from './world';

const orderedMs = 5_000;

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
  { order: 'receiptsDoubled', texts: 20 },
  { order: 'receiptsNever', texts: 8 },
];

export const gatewayFaults: readonly Fault[] = orders.map(({ order, texts, short = false }) => ({
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
