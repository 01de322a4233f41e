import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';

import { projectRoot } from '../config/project-root';
import { acts, stageAfter, stages, stageTransitions, type Stage } from '../domain/lifecycle/transitions';
import { LedgerWorld } from '../test/builders/ledger-world';

let world: LedgerWorld;
let roundId: string;
beforeAll(async () => {
  world = await LedgerWorld.create();
  roundId = await world.round();
});
afterAll(() => world.close());

const arrow = (from: string | null, to: string, act: string): string => `${from ?? '[*]'} --> ${to}: ${act}`;
const table = stageTransitions.map(({ from, to, act }) => arrow(from, to, act)).sort();

describe('the lifecycle is stated three times and is the same each time', () => {
  test('in the database', async () => {
    const rows = await world.ledger.db.selectFrom('stage_transition').selectAll().execute();
    expect(rows.map((row) => arrow(row.from_stage, row.to_stage, row.act)).sort()).toEqual(table);
  });

  test('in the diagram of the documentation', async () => {
    const page = await readFile(path.join(projectRoot, 'docs/lifecycle.md'), 'utf8');
    const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(page) ?? [];
    const arrows = diagram
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    expect(arrows.sort()).toEqual(table);
    for (const stage of stages) expect(page).toMatch(new RegExp(`\\| \`${stage}\` *\\|`));
  });
});

/** Brings a participation to a stage by the way that the table names. */
async function personAt(stage: Stage): Promise<string> {
  const personKey = await world.person();
  const ways = new Map<Stage, [string, Stage][]>();
  for (let size = -1; size !== ways.size;) {
    size = ways.size;
    for (const { from, act, to } of stageTransitions) {
      const before = from === null ? [] : ways.get(from);
      if (before && !ways.has(to)) ways.set(to, [...before, [act, to]]);
    }
  }
  for (const [act, to] of ways.get(stage) ?? []) await put(personKey, act, to);
  return personKey;
}

async function put(personKey: string, act: string, stage: string): Promise<void> {
  await sql`
    insert into participation (person_key, round_id, dose_number, stage, last_act)
    select ${personKey}::uuid, ${roundId}, 1, ${stage}, ${act}
    where not exists (select from participation where person_key = ${personKey}::uuid)
  `.execute(world.ledger.db);
  const { rows } = await sql<{ stage: string; last_act: string }>`
    select stage, last_act from participation where person_key = ${personKey}::uuid
  `.execute(world.ledger.db);
  if (rows[0]?.stage === stage && rows[0].last_act === act) return;
  await sql`
    update participation set stage = ${stage}, last_act = ${act} where person_key = ${personKey}::uuid
  `.execute(world.ledger.db);
}

describe('the database refuses what the table does not name', () => {
  test.each(stages)('from %s, every pair of act and stage but those of the table', async (from) => {
    const personKey = await personAt(from);
    for (const act of acts) {
      for (const to of stages) {
        const attempt = world.ledger.db.transaction().execute(async (tx) => {
          await sql`
            update participation set stage = ${to}, last_act = ${act} where person_key = ${personKey}::uuid
          `.execute(tx);
          throw new Error('possible');
        });
        const possible = stageAfter(from, act) === to;
        await expect(attempt).rejects.toThrow(
          possible ? 'possible' : `no transition from ${from} by ${act} to ${to}`,
        );
      }
    }
  });

  test('a participation that begins in the middle', async () => {
    const personKey = await world.person();
    await expect(put(personKey, 'book', 'booked')).rejects.toThrow(
      'no transition from (none) by book to booked',
    );
  });
});
