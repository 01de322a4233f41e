/** Runs one fault under load: strike, mend, come to rest, check every invariant, and show that the check can fail. */
import { setTimeout as pause } from 'node:timers/promises';

import { breachesIn } from './checks';
import type { Breach, Fault } from './fault';
import { checkHistory, historyOf } from './linearizability';
import type { FaultWorld } from './world';

/** The load alone, before the fault strikes and after it is mended. */
const loadAloneMs = 1_000;

/** What the run of one fault told. */
export interface FaultResult {
  readonly name: string;
  readonly acknowledged: number;
  readonly refused: number;
  /** Answers that clients waited for in vain; each of these acts was then asked for again under its key. */
  readonly lostAnswers: number;
  readonly struck: string;
  readonly breaches: readonly Breach[];
  /** How the world was spoilt for the control, and whether the checks told. */
  readonly control: { readonly spoilt: string; readonly told: boolean };
  readonly seconds: number;
}

/** Sentences that were told already, so that one breach is not counted under every later fault. */
export class Told {
  readonly #sentences = new Set<string>();

  fresh(breaches: readonly Breach[]): readonly Breach[] {
    return breaches.filter(({ sentence }) => {
      const fresh = !this.#sentences.has(sentence);
      this.#sentences.add(sentence);
      return fresh;
    });
  }
}

/** Runs it on the day of that place; never throws for what the fault broke. */
export async function runFault(
  world: FaultWorld,
  fault: Fault,
  place: number,
  told: Told,
): Promise<FaultResult> {
  const from = performance.now();
  const { record } = world;
  const [firstAct, firstSeen, errorsBefore] = [
    record.acts.length,
    record.breaches.length,
    record.internalErrors,
  ];
  const own: Breach[] = [];
  const must = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => {
      own.push({ invariant: 'own', sentence: `${fault.name}: ${what}: ${sentenceOf(error)}` });
    });
  };

  await must('the day was not opened', () => world.openDay(place));
  world.load.start(world.slots);
  await pause(loadAloneMs);
  if (fault.whileRemindersFallDue) await must('the clock was not stepped', () => world.stepToEveningBefore());
  let struck = 'nothing';
  await must('the fault broke off', async () => {
    const strike = await fault.strike(world);
    struck = `${String(strike.struck)} ${strike.what}`;
    own.push(...(strike.breaches ?? []));
    if (strike.struck === 0) throw new Error(`it never struck: no ${strike.what}`);
  });
  await must('not of use again', () => world.untilUsable());
  await pause(loadAloneMs);
  await world.load.stop();
  await must('no rest', () => world.clock.untilRest());
  await must('the inbox was not read', () => world.readInbox());
  const internalErrors = record.internalErrors - errorsBefore;
  if (internalErrors > 0) {
    own.push({
      invariant: 'own',
      sentence: `${fault.name}: ${String(internalErrors)} answers told of an error of ours instead of an outage`,
    });
  }
  const found: Breach[] = [];
  await must('the ledger was not checked', async () => {
    found.push(...(await breachesIn(world.ledger.db, { ...world.outside, textsSettled: false })));
  });
  await must('the history was not checked', async () => {
    found.push(...(await breachesOfHistory(world, fault.name, firstAct)));
  });
  let controlTold = false;
  await must('the control broke off', async () => {
    const { look, expects } = fault.control;
    controlTold = (await look(world)).some(({ invariant }) => invariant === expects);
  });
  const { acknowledged, refused } = record.counts(firstAct);
  const result = {
    name: fault.name,
    acknowledged,
    refused,
    lostAnswers: record.lostAnswers(firstAct),
    struck,
    control: { spoilt: fault.control.spoilt, told: controlTold },
  };
  await must('the day was not cleared', () => world.clearDay());
  const breaches = told.fresh([...record.breaches.slice(firstSeen), ...own, ...found]);
  return { ...result, breaches, seconds: (performance.now() - from) / 1_000 };
}

/** The fault's own windows were free when its day began, so the history of its acts is whole. */
async function breachesOfHistory(world: FaultWorld, name: string, firstAct: number): Promise<Breach[]> {
  const rows = await world.ledger.db
    .selectFrom('slot')
    .select(['slot_id', 'capacity'])
    .where('slot_id', 'in', [...world.slots])
    .execute();
  const capacities = Object.fromEntries(rows.map(({ slot_id, capacity }) => [slot_id, capacity]));
  const history = historyOf(world.record.acts.slice(firstAct), capacities);
  const { verdict, broken } = await checkHistory(world.linearizability, history);
  if (verdict === 'linearizable') return [];
  const where = broken.map(({ partition, operations }) => `${partition} (${String(operations)} acts)`);
  return [{ invariant: 'order', sentence: `${name}: bookings are ${verdict}: ${where.join(', ')}` }];
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
