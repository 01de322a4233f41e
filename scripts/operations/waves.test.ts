import type { WaveStep } from '../../domain/invitation-wave/wave';
import { takeWaveStep } from '../../ledger/invitation-wave-steps';
import { enrolOperator } from '../../ledger/operator';
import { claimTexts } from '../../ledger/text-message-dispatch';
import { recordOutcomes } from '../../ledger/text-outcome';
import { heldInvitations } from '../../test/builders/wave-parts';
import { AppWorld } from '../../test/support/app';
import { runOperationsCommand } from './command';

let app: AppWorld;
let url: string;
const keys: Record<string, string> = {};

beforeAll(async () => {
  app = await AppWorld.create();
  url = await app.app.listen({ port: 0, host: '127.0.0.1' });
  for (const name of ['lin', 'wu']) keys[name] = (await enrolOperator(app.world.ledger.db, name)).key;
  await app.world.round({ kind: 'rankThenInvite' });
  await heldInvitations(app.world, 3);
}, 120_000);
afterAll(() => app?.close());

const as = (name: string, line: string) =>
  runOperationsCommand(line.split(' '), { YIYUE_URL: url, OPERATOR_KEY: keys[name] });

/** What the engine and a sender would do. */
async function takeSteps(waveId: string, ...steps: readonly WaveStep[]): Promise<void> {
  const { ledger } = app.world;
  for (const step of steps) {
    await takeWaveStep(ledger, waveId, step);
    const claimed = await claimTexts(ledger.db, { limit: 100, leaseMs: 60_000 });
    await recordOutcomes(
      ledger.db,
      claimed.map(({ textMessageId }) => ({
        kind: 'accepted',
        textMessageId,
        gatewayMessageId: textMessageId,
      })),
    );
    await takeWaveStep(ledger, waveId, step);
  }
}

test('operations release invitations by command: looked at, started by one, approved by another, held back and stopped', async () => {
  expect(await as('lin', 'waves list')).toBe('There is no wave yet.');
  const preview = await as('lin', 'waves preview round-1');
  expect(preview).toMatch(/^3 texts\n {2}Moderna {2}3\n/);
  expect(preview).toContain('【末三碼＊＊＊】');
  expect(await as('lin', 'waves preview round-1 --county 63000 --product AZ')).toBe(
    'No held invitation would go out.',
  );
  await expect(as('lin', 'waves start round-1 --rate 50')).rejects.toThrow('[testHandsetMissing]');
  const handset = await as('lin', 'handsets add duty 0911000222');
  expect(handset).toContain('09*****222');
  expect(await as('wu', 'handsets list')).toBe(handset);

  expect(await as('lin', 'waves start round-1 --rate 50 --trial 1 --look 0')).toMatch(
    /^round-1\.1 {2}gathering\n/,
  );
  await expect(as('wu', 'waves approve round-1.1')).rejects.toThrow('[waveNotAwaitingApproval]');
  await takeSteps('round-1.1', 'gather', 'test', 'look', 'tryOut');
  expect(await as('lin', 'waves show round-1.1')).toMatch(
    /awaitingApproval: npm run operations -- waves approve/,
  );
  await expect(as('lin', 'waves approve round-1.1')).rejects.toThrow('[secondOperatorNeeded]');
  expect(await as('wu', 'waves approve round-1.1')).toContain('started by lin, approved by wu');

  expect(await as('wu', 'waves pause round-1.1')).toContain('releasing, paused (operator by wu)');
  expect(await as('lin', 'waves resume round-1.1')).toMatch(/^round-1\.1 {2}releasing\n/);
  const stopped = await as('lin', 'waves stop round-1.1');
  expect(stopped).toContain('stopped by lin');
  expect(stopped).toContain('people: 3, let go 1: held 2, accepted 1');
  await expect(as('lin', 'waves pause round-1.1')).rejects.toThrow('[waveOver]');
  await expect(as('lin', 'waves pause round-1.7')).rejects.toThrow('[waveUnknown]');
  expect(await as('lin', 'waves list round-1')).toBe(stopped);
  expect(await as('lin', `handsets remove ${handset.split(' ')[0] ?? ''}`)).toBe(
    'The handset is out of use.',
  );
});

test('a call that says too little, or asks for more than a trial may have, is told so', async () => {
  await expect(as('lin', 'waves start round-1')).rejects.toThrow('--rate');
  await expect(as('lin', 'waves start')).rejects.toThrow('Name one round.');
  await expect(as('lin', 'waves start round-1 --rate many')).rejects.toThrow('many is no number');
  await expect(as('lin', 'waves start round-1 --rate 1 --trial 101')).rejects.toThrow('[requestInvalid]');
  await expect(as('lin', 'waves show')).rejects.toThrow('WAVE is missing');
  await expect(as('lin', 'handsets add duty 12345')).rejects.toThrow('[mobileInvalid]');
});

test('nobody without an operator’s key sees or moves a wave', async () => {
  const answers = await Promise.all([
    app.app.inject('/v1/staff/invitation-waves'),
    app.app.inject({ method: 'POST', url: '/v1/staff/invitation-waves/round-1.1/stop' }),
    app.app.inject('/v1/staff/test-handsets'),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401]);
});
