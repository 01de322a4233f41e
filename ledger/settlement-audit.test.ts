import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';

import { candidateLine } from '../domain/settlement/evidence';
import { SettlementDoubt, verifySettlement } from '../scripts/operations/settlement-verification';
import { LedgerWorld } from '../test/builders/ledger-world';
import {
  drafts,
  earlierRound,
  factsOf,
  populate,
  roundToSettle,
  supplies,
  type Draft,
} from '../test/builders/settlement-world';
import { carryOver } from './carry-over';
import { settleRound } from './settlement';
import { findSettlementExport } from './settlement-export';
import { readAreaCounts, readCutOffs } from './settlement-outcome';
import { previewSettlement } from './settlement-preview';
import { findSignedRecord, openRecord } from './settlement-record';
import { readStandings, standingBehind } from './settlement-standing';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create();
  await world.site('S1');
});
afterAll(() => world.close());
const db = () => world.ledger.db;

const old = { lastDose: null, waitedFor: [], mixedIntent: false, consents: [] } as const;
const neighbour: Draft = {
  ...old,
  ...{ countyCode: '63000', priorityGroup: 9, birthDate: '1950-01-01', products: ['Moderna', 'AZ'] },
};

async function exportOf(roundId: string): Promise<string[]> {
  const chunks = await findSettlementExport(db(), roundId);
  if (!chunks) throw new Error('nothing to export');
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text.trimEnd().split('\n');
}

async function* inOrder(lines: readonly string[]) {
  yield* lines;
}
const verify = (lines: readonly string[]) => verifySettlement(inOrder(lines));

describe('the export of a settlement', () => {
  test('holds what was decided from and what it came to, and anyone can work it out again', async () => {
    const from = await earlierRound(world);
    await fc.assert(
      fc.asyncProperty(drafts, supplies, async (people, doses) => {
        const roundId = await roundToSettle(world, doses);
        const population = await populate(world, roundId, from, people);
        const preview = await previewSettlement(world.ledger, roundId);
        await settleRound(world.ledger, roundId);
        const lines = await exportOf(roundId);
        expect(await verify(lines)).toMatchObject({
          ...{ roundId, registrations: people.length, invited: preview.invited },
        });
        const known = [...population].map(([personKey, draft]) =>
          candidateLine(factsOf(roundId, personKey, draft)),
        );
        const exported = lines.filter((line) => line.startsWith('c,')).map((line) => line.slice(2));
        expect(exported.sort()).toEqual(known.sort());
        expect(preview.cutOffs).toEqual(expect.arrayContaining([...(await readCutOffs(db(), roundId))]));
        expect(preview.areas).toEqual(expect.arrayContaining([...(await readAreaCounts(db(), roundId))]));
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  async function settled(): Promise<string[]> {
    const roundId = await roundToSettle(world, [2, 1, 1, 0]);
    const births = ['1950-01-01', '1950-01-01', '1950-01-01', '1960-01-01', '1940-01-01'];
    const people = births.map((birthDate): Draft => ({ ...neighbour, birthDate }));
    await populate(world, roundId, '', people);
    await settleRound(world.ledger, roundId);
    return exportOf(roundId);
  }
  const changed = (lines: readonly string[], find: RegExp, put: string) => {
    const index = lines.findIndex((line) => find.test(line));
    if (index < 0) throw new Error('there is no such line to tamper with');
    return lines.map((line, place) => (place === index ? line.replace(find, put) : line));
  };

  test.each([
    ['a candidate was made older', (lines) => changed(lines, /(?<=^c,.*)1960/, '1930'), 'digests|follow'],
    [
      'a candidate was left out',
      (lines) =>
        lines.toSpliced(
          lines.findLastIndex((l) => l.startsWith('c,')),
          1,
        ),
      'digests|follow',
    ],
    [
      'an invitation was given to someone else',
      (lines) => changed(lines, /^r,.{32}/, `r,${'0'.repeat(32)}`),
      'follow',
    ],
    ['a rank was changed', (lines) => changed(lines, /(?<=^r,.*),2$/, ',3'), 'follow'],
    ['the record was written anew', (lines) => changed(lines, /\\"doses\\":2/, '\\"doses\\":3'), 'signature'],
    [
      'someone stands in it twice',
      (lines) => changed(lines, /^(c,.*)$/, '$1\n$1').flatMap((l) => l.split('\n')),
      'same lot',
    ],
    ['a line is of no kind', (lines) => [...lines, 'x,1'], 'neither'],
  ] satisfies [string, (lines: string[]) => string[], string][])(
    'does not pass when %s',
    async (_what, tamper, doubt) => {
      const lines = await settled();
      await expect(verify(lines)).resolves.toMatchObject({ registrations: 5, invited: 3 });
      const tampered = verify(tamper(lines));
      await expect(tampered).rejects.toThrow(SettlementDoubt);
      await expect(tampered).rejects.toThrow(new RegExp(doubt));
    },
  );

  test('is signed by the key of the settings, and names neither people nor their keys', async () => {
    const lines = await settled();
    const { record } = JSON.parse(lines[0] ?? '') as { record: string };
    const { publicKey } = JSON.parse(record) as { publicKey: string };
    expect(Buffer.from(publicKey, 'base64')).toHaveLength(44);
    const { rows } = await sql<{ key: string }>`select person_key::text as key from person`.execute(db());
    const text = lines.join('\n');
    expect(rows.filter(({ key }) => text.includes(key))).toEqual([]);
  });

  test('is not to be had before the settlement', async () => {
    const roundId = await roundToSettle(world, [1, 0, 0, 0]);
    expect(await findSettlementExport(db(), roundId)).toBeUndefined();
    expect(await findSignedRecord(db(), roundId)).toBeUndefined();
  });
});

test('a preview changes nothing, and shows where the doses would end', async () => {
  const roundId = await roundToSettle(world, [2, 0, 1, 0]);
  const births = ['1950-01-01', '1951-01-01', '1952-01-01', '1953-01-01'];
  await populate(
    world,
    roundId,
    '',
    births.map((birthDate) => ({ ...neighbour, birthDate })),
  );
  const before = await everything(roundId);
  const preview = await previewSettlement(world.ledger, roundId);
  expect(preview).toMatchObject({
    ...{ registrations: 4, invited: 3 },
    areas: [{ countyCode: '63000', priorityGroup: 9, registered: 4, invited: 3 }],
    invitations: [
      { countyCode: '63000', product: 'Moderna', priorityGroup: 9, invited: 2 },
      { countyCode: '63000', product: 'AZ', priorityGroup: 9, invited: 1 },
    ],
  });
  const here = preview.cutOffs.filter(({ countyCode }) => countyCode === '63000');
  expect(here).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        product: 'Moderna',
        contenders: 4,
        invited: 2,
        lastGroup: 9,
        lastBirthDate: '1951-01-01',
      }),
      expect.objectContaining({ product: 'AZ', contenders: 2, invited: 1, lastBirthDate: '1952-01-01' }),
    ]),
  );
  expect(await everything(roundId)).toEqual(before);
});

async function everything(roundId: string) {
  const { rows } = await sql`
    select (select json_agg(p order by p.person_key) from participation p where round_id = ${roundId}) as participations,
      (select count(*) from settlement where round_id = ${roundId}) as settlements,
      (select count(*) from invitation where round_id = ${roundId}) as invitations,
      (select count(*) from audit_entry) as acts, (select count(*) from text_message) as texts
  `.execute(db());
  return rows;
}

describe('the reason that each person is given', () => {
  async function standings(people: readonly Draft[], doses: readonly number[]) {
    const roundId = await roundToSettle(world, doses);
    const population = await populate(world, roundId, '', people);
    await settleRound(world.ledger, roundId);
    const all = [];
    for (const personKey of population.keys()) all.push((await readStandings(db(), personKey))[0]?.products);
    return all;
  }

  test('says what they were invited to, that older people came first, or that the lot decided', async () => {
    const births = ['1940-01-01', '1950-01-01', '1950-01-01', '1960-01-01'];
    const people = births.map((birthDate) => ({ ...neighbour, birthDate, products: ['Moderna'] }));
    const [oldest, ...others] = await standings(people, [2, 0, 0, 0]);
    expect(oldest).toEqual([{ code: 'invited', product: 'Moderna', rank: 1 }]);
    expect(others.slice(0, 2)).toEqual(
      expect.arrayContaining([
        [{ code: 'invited', product: 'Moderna', rank: 2 }],
        [{ code: 'lotDecided', product: 'Moderna', invited: 2 }],
      ]),
    );
    expect(others[2]).toEqual([
      { code: 'supplyEnded', product: 'Moderna', invited: 2, lastGroup: 9, lastBirthDate: '1950-01-01' },
    ]);
  });

  test('names what hindered them, product by product', async () => {
    const after = (product: string, daysAgo: number) => ({ product, daysAgo, number: 1 });
    const [mixing, young, early, poor] = await standings(
      [
        { ...neighbour, lastDose: after('AZ', 90), products: ['Moderna', 'AZ'] },
        { ...neighbour, birthDate: '2015-01-01', products: ['Moderna', 'AZ'] },
        { ...neighbour, lastDose: after('Moderna', 1), products: ['Moderna', 'AZ'] },
        { ...neighbour, countyCode: '64000', products: ['AZ'] },
      ],
      [0, 0, 0, 0],
    );
    expect(mixing).toEqual([
      { code: 'mixedIntentMissing', product: 'Moderna' },
      { code: 'noDosesInCounty', product: 'AZ' },
    ]);
    expect(young).toEqual([
      { code: 'consentMissing', product: 'Moderna' },
      { code: 'noWindowForAge', product: 'AZ' },
    ]);
    expect(early).toEqual([
      { code: 'intervalNotOver', product: 'Moderna' },
      { code: 'productNotAfterPreviousDose', product: 'AZ' },
    ]);
    expect(poor).toEqual([{ code: 'noDosesInCounty', product: 'AZ' }]);
  });

  test('stays what it was, whatever happens to the person afterwards', async () => {
    const roundId = await roundToSettle(world, [1, 0, 0, 0]);
    const people = ['1940-01-01', '1950-01-01'].map((birthDate) => ({
      ...neighbour,
      birthDate,
      products: ['Moderna'],
    }));
    const [, uninvited = ''] = (await populate(world, roundId, '', people)).keys();
    await settleRound(world.ledger, roundId);
    const next = await world.round({ roundId: `n-${randomUUID().slice(0, 8)}`, kind: 'rankThenInvite' });
    await carryOver(world.ledger, roundId, next);
    await world.dose(uninvited, 1, 'AZ', '2031-06-01');
    await sql`update round set closed_at = ledger_now() where round_id = ${roundId}`.execute(db());
    const standings = await readStandings(db(), uninvited);
    expect(standings).toMatchObject([
      { roundId, countyCode: '63000', products: [{ code: 'supplyEnded', lastBirthDate: '1940-01-01' }] },
    ]);
    expect(standingBehind(standings, { roundId: next, carriedFrom: roundId })).toBe(standings[0]);
  });
});

test('a record opens only under its own signature', async () => {
  const roundId = await roundToSettle(world, [1, 0, 0, 0]);
  await settleRound(world.ledger, roundId);
  const signed = await findSignedRecord(db(), roundId);
  if (!signed) throw new Error('nothing was signed');
  expect(openRecord(signed)).toMatchObject({ registrations: 0, invited: 0 });
  expect(
    openRecord({ ...signed, record: signed.record.replace('"invited":0', '"invited":1') }),
  ).toBeUndefined();
});
