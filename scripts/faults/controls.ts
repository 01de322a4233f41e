/**
 * Positive controls: the world is spoilt in one respect, the same checks look at it, and they have to tell. What is
 * spoilt in the ledger is rolled back in the very transaction that looked.
 */
import { sql } from 'kysely';

import type { LedgerTx } from '../../ledger/database';
import { findCanaries } from './canary-scan';
import { breachesIn, type Outside } from './checks';
import type { Breach, Control } from './fault';
import type { FaultWorld } from './world';

/** Takes the transaction back after it was looked at. */
class LookedAt extends Error {}

function outsideOf(world: FaultWorld): Outside {
  return { ...world.outside, textsSettled: false };
}

function spoiltLedger(
  expects: Breach['invariant'],
  spoilt: string,
  spoil: (tx: LedgerTx, world: FaultWorld) => Promise<unknown>,
): Control {
  return {
    expects,
    spoilt,
    look: async (world) => {
      let found: readonly Breach[] = [];
      await world.ledger.db
        .transaction()
        .execute(async (tx) => {
          await spoil(tx, world);
          found = await breachesIn(tx, outsideOf(world));
          throw new LookedAt();
        })
        .catch((error: unknown) => {
          if (!(error instanceof LookedAt)) throw error;
        });
      return found;
    },
  };
}

function spoiltRecord(
  expects: Breach['invariant'],
  spoilt: string,
  spoil: (outside: Outside) => Outside,
): Control {
  return { expects, spoilt, look: (world) => breachesIn(world.ledger.db, spoil(outsideOf(world))) };
}

const lastBooking = (world: FaultWorld): string => {
  const last = world.record.acts.findLast(
    ({ act, outcome }) => act === 'book' && outcome.kind === 'acknowledged',
  );
  return last?.outcome.kind === 'acknowledged' ? last.outcome.number : '';
};

/** I1. */
export const oversold = spoiltLedger('I1', 'a window with a place too many taken', async (tx) => {
  await sql`alter table slot drop constraint slot_never_oversold`.execute(tx);
  await sql`update slot set booked = capacity + 1 where slot_id = (select min(slot_id) from slot)`.execute(
    tx,
  );
});

/** I2. */
export const bookedTwice = spoiltLedger(
  'I2',
  'a person with a second live appointment',
  async (tx, world) => {
    await sql`drop index appointment_one_live_per_person`.execute(tx);
    await sql`update appointment set status = 'booked', ended_at = null
    where appointment_number = ${lastBooking(world)}`.execute(tx);
    await sql`insert into appointment (person_key, round_id, dose_number, product, slot_id, contact_id, status)
    select person_key, round_id, dose_number, product, slot_id, contact_id, 'booked' from appointment
    where appointment_number = ${lastBooking(world)}`.execute(tx);
  },
);

/** I3. */
export const lostBooking = spoiltLedger('I3', 'an acknowledged appointment deleted', (tx, world) =>
  sql`delete from appointment where appointment_number = ${lastBooking(world)}`.execute(tx),
);

/** I4. */
export const leakedPlace = spoiltLedger('I4', 'a place that nobody holds counted as taken', (tx) =>
  sql`update slot set booked = booked + 1
    where slot_id = (select min(slot_id) from slot where booked < capacity)`.execute(tx),
);

/** I5. */
export const doubledText = spoiltRecord('I5', 'a text that came twice', (outside) => {
  const [id = ''] = outside.inbox.keys();
  return { ...outside, inbox: new Map([...outside.inbox, [id, 2]]) };
});

/** I5. */
export const missingText = spoiltRecord('I5', 'an accepted text that did not come', (outside) => {
  const [id = ''] = outside.inbox.keys();
  const inbox = new Map(outside.inbox);
  inbox.delete(id);
  return { ...outside, inbox, textsSettled: true };
});

/** I5, where the gateway recognises no repeats. */
export const uncountedRepeat = spoiltLedger('I5', 'repeats that nobody counted', (tx) =>
  sql`update text_message set repeats = 0 where repeats > 0`.execute(tx),
);

/** I5. */
export const refusedText = spoiltRecord('I5', 'a text at a number that was refused', (outside) => {
  const [id = ''] = outside.refused;
  return { ...outside, inbox: new Map([...outside.inbox, [id, 1]]) };
});

/** I8. */
export const doneUnasked = spoiltRecord('I8', 'an act that the clients did not ask for', (outside) => {
  const last = outside.acts.findLastIndex(
    ({ act, outcome }) => act === 'register' && outcome.kind === 'acknowledged',
  );
  return { ...outside, acts: outside.acts.filter((_, place) => place !== last) };
});

/** I7. */
export const toldName: Control = {
  expects: 'I7',
  spoilt: 'a person’s mobile in an answer, in base64',
  look: async (world) => {
    const { mobile } = world.clients[0]?.person ?? { mobile: '' };
    const answer = Buffer.from(JSON.stringify({ detail: Buffer.from(`to ${mobile}`).toString('base64') }));
    return findCanaries({ mobile }, answer, 'answer').map(({ canary, where }) => ({
      invariant: 'I7',
      sentence: `${canary} in ${where}`,
    }));
  },
};
