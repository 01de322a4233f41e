/** The card command as a person in a demonstration types it, with the bridge's own readers on the other side. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ReaderProcess } from '../../card-bridge/reader/reader-process';
import { projectRoot } from '../../config/project-root';
import { eventually } from '../../test/support/eventually';
import { ReaderDaemon, typescriptOptions } from '../../test/support/reader-daemon';
import { demonstrationPeople } from '../demo-data/known-people';
import { catalogue, findCard } from './card-catalogue';

let daemon: ReaderDaemon;
let readers: ReaderProcess;
const home = mkdtempSync(path.join(os.tmpdir(), 'yiyue-card-'));

beforeAll(async () => {
  daemon = await ReaderDaemon.start();
  readers = daemon.readers();
});

afterAll(async () => {
  await card('stop');
  await readers?.stop();
  await daemon?.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Runs the command; resolves to its exit code and to what it said. */
function card(...args: string[]): Promise<{ code: number | null; said: string }> {
  const command = spawn(
    process.execPath,
    [...typescriptOptions, path.join(projectRoot, 'scripts/card.ts'), ...args],
    { env: { PATH: process.env['PATH'], YIYUE_HOME: home, CARD_PORT: String(daemon.port) } },
  );
  let said = '';
  for (const stream of [command.stdout, command.stderr])
    stream.on('data', (chunk) => (said += String(chunk)));
  return new Promise((resolve) => command.once('close', (code) => resolve({ code, said: said.trim() })));
}

async function becomes(state: string): Promise<void> {
  await eventually(
    () => readers.status().state,
    (found) => found === state,
  );
}

test('a demonstration person’s card goes in by name, is read, and comes out again', async () => {
  const [elder] = demonstrationPeople;
  expect(await card('insert', elder?.name ?? '')).toMatchObject({
    code: 0,
    said: expect.stringMatching(
      /^The card 甄健康 is in the reader: elder who may register; number A12345678\d/,
    ),
  });
  await becomes('ready');
  expect(await readers.readCard({ after: new Date() })).toMatchObject({
    ok: true,
    card: { cardNumber: elder?.cardNumber, personNumber: elder?.personNumber, name: elder?.name },
  });
  expect(await card('pull-mid-read')).toMatchObject({ code: 0 });
  expect(await readers.readCard({ after: new Date() })).toEqual({ ok: false, problem: 'cardPulled' });
  await becomes('noCard');
  expect(await card('hang')).toEqual({ code: 1, said: 'Put a card in first: npm run card -- insert NAME' });
  expect(await card('insert', 'nguyen')).toMatchObject({ code: 0 });
  expect(await card('remove')).toEqual({ code: 0, said: 'The card is out of the reader.' });
  await becomes('noCard');
});

test('what is not there is neither taken out nor made to fail', async () => {
  await card('stop');
  expect(await card('remove')).toEqual({ code: 0, said: 'There was no card in the reader.' });
  expect(await card('hang')).toEqual({ code: 1, said: 'Put a card in first: npm run card -- insert NAME' });
});

test.each([
  [['insert', '無此人'], 'There is no card 無此人; npm run card lists those that there are.'],
  [['insert', 'old', '--port', '1'], 'No virtual reader listens on port 1.'],
  [['insert', 'old', '--day', '2026-02-30'], 'Call it so: npm run card'],
  [['insert'], 'Call it so: npm run card'],
  [['eject'], 'Call it so: npm run card'],
])('what cannot be done is said plainly: %s', async (args, sentence) => {
  const { code, said } = await card(...args);
  expect(code).toBe(1);
  expect(said).toContain(sentence);
  expect(said).not.toContain(' at ');
});

test('every card has a name of its own, found by its beginning where that is enough', () => {
  expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
  expect(findCard('john')?.owner.name).toBe('JOHN SMITH');
  expect(findCard('o')).toBeUndefined();
  expect(findCard('')).toBeUndefined();
  expect(findCard('new')?.name).toBe('new');
});
