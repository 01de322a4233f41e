/** The fault catalogue in the order in which it is run. */
import { abuseFaults } from './abuse';
import { clockFaults } from './clocks';
import { contentionFaults } from './contention';
import { deployFaults } from './deploy';
import { diskFaults } from './disk';
import type { Fault } from './fault';
import { gatewayFaults } from './gateway';
import { networkFaults } from './network';
import { processFaults } from './processes';
import { redeliveryFaults } from './redelivery';
import { schemaFaults } from './schema-migration';

export const catalogue: readonly Fault[] = [
  ...processFaults,
  ...networkFaults,
  ...contentionFaults,
  ...redeliveryFaults,
  ...gatewayFaults,
  ...abuseFaults,
  ...deployFaults,
  ...clockFaults,
  ...schemaFaults,
  ...diskFaults,
];
