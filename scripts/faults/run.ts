/** The chosen faults one after another in one world, what holds at the end of all of them, and the table of both. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { readUnrest } from '../../ledger/round-calendar';
import { persistently } from '../demo/instance';
import { systemErrorCode } from '../runtime/failure';
import type { Peer } from '../measurement/report';
import { findCanaries } from './canary-scan';
import { breachesIn } from './checks';
import type { Breach, Fault } from './fault';
import { missingText, toldName } from './controls';
import { runFault, Told, type FaultResult } from './runner';
import { FaultWorld } from './world';

/** One row of the table. */
export interface CatalogueResult {
  readonly name: string;
  readonly violations: number;
  readonly controlTold: boolean;
  readonly passed: boolean;
  readonly peers: readonly Peer[];
}

export interface Telling {
  readonly say: (progress: string) => void;
  readonly tell: (line: string) => void;
}

/** A text whose sender was killed is taken for lost when its lease of a minute ends. */
const textsWithinMs = 100_000;

export async function runCatalogue(
  faults: readonly Fault[],
  { say, tell }: Telling,
): Promise<readonly CatalogueResult[]> {
  const world = await FaultWorld.open(say);
  const rows: CatalogueResult[] = [];
  const told = new Told();
  const add = (result: FaultResult): void => {
    rows.push(rowOf(result));
    for (const line of linesOf(result)) tell(line);
  };
  try {
    tell(heading);
    for (const [place, fault] of faults.entries()) {
      say(`${fault.name} (${String(place + 1)} of ${String(faults.length)})`);
      add(await runFault(world, fault, place, told));
    }
    say('waiting for the last texts');
    add(await theEnd(world, told));
    return rows;
  } finally {
    say('stopping');
    await world.close();
  }
}

/** What can only be told when nothing is left to come: every text reached its phone, and nothing personal leaked. */
async function theEnd(world: FaultWorld, told: Told): Promise<FaultResult> {
  const from = performance.now();
  const own: Breach[] = [];
  await persistently(async () => {
    const { texts } = await readUnrest(world.ledger.db);
    if (texts > 0) throw new Error(`${String(texts)} texts were never accepted`);
  }, textsWithinMs).catch((error: unknown) => {
    own.push({ invariant: 'I5', sentence: String(error) });
  });
  await world.readInbox();
  const found = await breachesIn(world.ledger.db, { ...world.outside, textsSettled: true });
  const leaks = leaksIn(world);
  const controls = await Promise.all([missingText, toldName].map(({ look }) => look(world)));
  const { acknowledged, refused } = world.record.counts();
  return {
    name: 'all-of-it',
    acknowledged,
    refused,
    lostAnswers: world.record.lostAnswers(),
    struck: `${String(world.inbox.size)} texts on phones, ${String(world.record.repeated)} requests repeated`,
    breaches: told.fresh([...own, ...found, ...leaks]),
    control: {
      spoilt: `${missingText.spoilt}; ${toldName.spoilt}`,
      told: controls.every((breaches) => breaches.length > 0),
    },
    seconds: (performance.now() - from) / 1_000,
  };
}

/** What the phones received and what the ledger keeps encrypted are where personal values belong. */
const homeOfPersonalValues = new Set(['postgres', 'sms-inbox.jsonl', 'secrets.json']);
/** Bytes in which an encoded value is looked for at a time; parts overlap by the longest value. */
const pieceBytes = 4_000_000;
const overlapBytes = 1_000;

function leaksIn(world: FaultWorld): readonly Breach[] {
  const { name, personNumber, cardNumber, mobile } = world.clients[0]?.person ?? {
    ...{ name: '', personNumber: '', cardNumber: '', mobile: '' },
  };
  return filesBelow(world.home).flatMap((file) => {
    const bytes = contentOf(path.join(world.home, file));
    const found = new Set<string>();
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes + overlapBytes);
      for (const { canary } of findCanaries({ name, personNumber, cardNumber, mobile }, piece, file))
        found.add(canary);
    }
    return [...found].map((canary) => ({
      invariant: 'I7' as const,
      sentence: `${canary} stands in ${file}`,
    }));
  });
}

function filesBelow(folder: string, inside = ''): string[] {
  return readdirSync(path.join(folder, inside))
    .filter((name) => !homeOfPersonalValues.has(name))
    .map((name) => path.join(inside, name))
    .flatMap((file) =>
      statSync(path.join(folder, file), { throwIfNoEntry: false })?.isDirectory()
        ? filesBelow(folder, file)
        : [file],
    );
}

/** The engine's journal comes and goes while it works. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function rowOf({ name, breaches, control, ...figures }: FaultResult): CatalogueResult {
  return {
    name: `faults.${name}`,
    violations: breaches.length,
    controlTold: control.told,
    passed: breaches.length === 0 && control.told,
    peers: [
      { name: 'acknowledged', value: figures.acknowledged },
      { name: 'refused', value: figures.refused },
      { name: 'answers lost', value: figures.lostAnswers },
      { name: 'seconds', value: Math.round(figures.seconds) },
    ],
  };
}

const columns = [24, 6, 6, 5, 4, 30] as const;
const heading = tabled(['fault', 'acked', 'refus.', 'lost', 's', 'struck', 'I1–I5 I7 I8 / control']);

function linesOf({
  name,
  acknowledged,
  refused,
  lostAnswers,
  struck,
  breaches,
  control,
  seconds,
}: FaultResult): string[] {
  const verdict = breaches.length === 0 ? 'held' : `${String(breaches.length)} BROKEN`;
  const noticed = control.told ? 'noticed' : 'NOT NOTICED';
  const figures = [acknowledged, refused, lostAnswers, Math.round(seconds)].map(String);
  return [
    tabled([name, ...figures, struck, `${verdict} / ${noticed}: ${control.spoilt}`]),
    ...breaches.slice(0, 8).map(({ invariant, sentence }) => `    ${invariant} ${sentence}`),
  ];
}

function tabled(cells: readonly string[]): string {
  return cells.map((cell, place) => cell.padEnd(columns[place] ?? 0)).join(' ');
}
