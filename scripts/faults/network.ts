/** What a network can do between clients and API, and between API and PostgreSQL. */
import { setTimeout as pause } from 'node:timers/promises';

import { doneUnasked, leakedPlace, lostBooking } from './controls';
import type { Control, Fault, Strike } from './fault';
import { breachesOfRecord, ClientRecord } from './record';
import { strangers, type FaultWorld } from './world';
import type { Wire, WireManner } from './wire';

/** PostgreSQL's word that a transaction is committed: the work is done and nobody is told. */
const committed = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');
/** The first bytes of any acceptance. */
const accepted = Buffer.from('HTTP/1.1 20');
const repliesToLose = 12;
const losingMs = 4_000;
const disturbedMs = 4_000;

/** A client that asks again under another key after a lost answer does things twice, and the record tells. */
const anotherKey: Control = {
  expects: 'I8',
  spoilt: 'a client that asks again under another key',
  look: async (world) => {
    const record = new ClientRecord();
    const client = await world.stranger(strangers.control, record);
    // The first may be one of the API's own.
    world.databaseWire.loseReplies(committed, 4);
    try {
      await client.registerUnderNewKeys();
    } finally {
      world.databaseWire.mend();
    }
    return breachesOfRecord(world.ledger.db, record.acts);
  },
};

async function whileLosing(wire: Wire, reply: Buffer): Promise<Strike> {
  const before = wire.disturbed;
  wire.loseReplies(reply, repliesToLose);
  await pause(losingMs);
  wire.mend();
  return { struck: wire.disturbed - before, what: 'answers lost' };
}

async function whileBehaving(wire: Wire, manner: WireManner, what: string): Promise<Strike> {
  const before = wire.disturbed;
  wire.behave(manner);
  await pause(disturbedMs);
  wire.mend();
  return { struck: wire.disturbed - before, what };
}

const database = (world: FaultWorld): Wire => world.databaseWire;

export const networkFaults: readonly Fault[] = [
  {
    name: 'commit-unanswered',
    short: true,
    strike: (world) => whileLosing(database(world), committed),
    control: anotherKey,
  },
  {
    name: 'answer-lost',
    strike: (world) => whileLosing(world.httpWire, accepted),
    control: doneUnasked,
  },
  {
    name: 'database-late',
    strike: (world) => whileBehaving(database(world), { kind: 'late', ms: 120 }, 'pieces late'),
    control: leakedPlace,
  },
  {
    name: 'database-drips',
    strike: (world) =>
      whileBehaving(database(world), { kind: 'drip', bytes: 64, everyMs: 2 }, 'pieces in crumbs'),
    control: leakedPlace,
  },
  {
    name: 'database-silent',
    strike: (world) => whileBehaving(database(world), { kind: 'silent' }, 'pieces swallowed'),
    control: doneUnasked,
  },
  {
    name: 'database-cut',
    strike: (world) => whileBehaving(database(world), { kind: 'cut' }, 'connections refused'),
    control: lostBooking,
  },
  {
    name: 'database-reset',
    strike: async (world) => {
      const before = database(world).disturbed;
      for (let times = 0; times < 4; times += 1) {
        database(world).reset();
        await pause(disturbedMs / 4);
      }
      return { struck: database(world).disturbed - before, what: 'connections reset' };
    },
    control: doneUnasked,
  },
  {
    name: 'clients-reset',
    strike: async (world) => {
      const before = world.httpWire.disturbed;
      for (let times = 0; times < 8; times += 1) {
        world.httpWire.reset();
        await pause(disturbedMs / 8);
      }
      return { struck: world.httpWire.disturbed - before, what: 'connections reset' };
    },
    control: doneUnasked,
  },
];
