/** The same thing told again: snapshots to the engine, requests to the API, two clicks at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';

import { readSnapshots } from '../../ledger/snapshot';
import { signalCitizen } from '../../workers/workflow-starts';
import { doneUnasked, doubledText } from './controls';
import type { Breach, Control, Fault, Strike } from './fault';
import { textbookIsUnordered } from './textbook';
import type { FaultWorld } from './world';

const timesAgain = 3;
const requestsAgain = 40;

/** A repeated request that is answered differently would be told. */
const answeredDifferently: Control = {
  expects: 'I8',
  spoilt: 'an acceptance remembered under another number',
  look: async (world) => {
    const [client] = world.clients;
    const last = world.record.acts.findLast(
      ({ client: whose, outcome }) => whose === client?.index && outcome.kind === 'acknowledged',
    );
    return last && client ? client.askAgain(last, '0000000000') : [];
  },
};

export const redeliveryFaults: readonly Fault[] = [
  {
    name: 'signals-again',
    whileRemindersFallDue: true,
    strike: tellAgain,
    control: doubledText,
  },
  { name: 'requests-again', short: true, strike: askAgain, control: answeredDifferently },
  { name: 'double-clicks', strike: clickTwice, control: doneUnasked },
  { name: 'one-place-many-hands', short: true, strike: grabOnePlace, control: textbookIsUnordered },
];

/** Every person's snapshot signalled again, and everyone marked as never told, so that the relay tells all once more. */
async function tellAgain(world: FaultWorld): Promise<Strike> {
  const people = world.clients.map(({ personKey }) => personKey);
  let struck = 0;
  for (let times = 0; times < timesAgain; times += 1) {
    const snapshots = await readSnapshots(world.ledger.db, people);
    await Promise.all(
      [...snapshots].map(([personKey, snapshot]) =>
        world.temporal.call((client) => signalCitizen(client, 'citizen', personKey, snapshot)),
      ),
    );
    struck += snapshots.size;
    await sql`update citizen_outbox set sent_version = 0`.execute(world.ledger.db);
    await pause(300);
  }
  return { struck, what: 'snapshots signalled again' };
}

/** Acceptances of some time ago asked for again under their keys, though much was done since. */
async function askAgain(world: FaultWorld): Promise<Strike> {
  const accepted = world.record.acts.filter(({ outcome }) => outcome.kind === 'acknowledged');
  const breaches = await Promise.all(
    accepted.slice(-requestsAgain).map(async (act) => {
      const client = world.clients.find(({ index }) => index === act.client);
      return client && act.outcome.kind === 'acknowledged' ? client.askAgain(act, act.outcome.number) : [];
    }),
  );
  return { struck: breaches.length, what: 'requests made again', breaches: breaches.flat() };
}

/** The same request twice at the same instant, under one key: one act, and both are told the same or to come back. */
async function clickTwice(world: FaultWorld): Promise<Strike> {
  const client = await world.besideTheLoad('abuser');
  const [slotId = 0] = await world.slotsOfLastDay();
  const breaches: Breach[] = [];
  let struck = 0;
  for (let times = 0; times < 5; times += 1) {
    const numbers = await client.clickTwice(slotId);
    struck += numbers.length;
    if (new Set(numbers).size !== 1) {
      breaches.push({ invariant: 'I8', sentence: `two clicks were answered ${numbers.join(' and ')}` });
    }
    await client.cancel();
  }
  return { struck, what: 'clicks answered', breaches };
}

/** Everybody who is free at once on one window, again and again. */
async function grabOnePlace(world: FaultWorld): Promise<Strike> {
  await world.load.stop();
  const [slotId = 0] = world.slots;
  let struck = 0;
  for (let times = 0; times < 6; times += 1) {
    await Promise.all(
      world.clients.map(async (client) => {
        await client.readBack();
        if (client.held) await client.cancel();
      }),
    );
    const done = await Promise.all(world.clients.map((client) => client.book(slotId)));
    struck += done.length;
  }
  world.load.start(world.slots);
  return { struck, what: 'hands on one window' };
}
