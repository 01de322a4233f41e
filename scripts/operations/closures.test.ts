import { book } from '../../ledger/booking';
import { carryOutClosure } from '../../ledger/closure-steps';
import { enrolOperator } from '../../ledger/operator';
import { addDays } from '../../domain/civil-time/plain-date';
import { at, firstDay, hour } from '../../test/builders/ledger-world';
import { AppWorld } from '../../test/support/app';
import { runOperationsCommand } from './command';

let world: AppWorld;
const keys: Record<string, string> = {};
let url: string;
const day = addDays(firstDay, 5);

beforeAll(async () => {
  world = await AppWorld.create();
  url = await world.app.listen({ port: 0, host: '127.0.0.1' });
  for (const name of ['lin', 'wu']) keys[name] = (await enrolOperator(world.world.ledger.db, name)).key;
  await world.world.round();
  await world.world.site('A');
  const slotId = await world.world.slot({ siteId: 'A', capacity: 5 });
  await world.world.stepTo(at(0, 11 * hour));
  for (const personKey of [await world.world.person(), await world.world.person()]) {
    await book(world.world.ledger, world.world.acting(personKey), {
      ...{ slotId, mobile: '0900000678', language: 'zh' },
    });
  }
}, 120_000);
afterAll(() => world?.close());

const as = (operator: string, ...args: string[]) =>
  runOperationsCommand(['closures', ...args], { YIYUE_URL: url, OPERATOR_KEY: keys[operator] });
const propose = (...more: string[]) =>
  as('lin', 'propose', 'typhoon', '--reason', 'typhoon', '--date', day, ...more);

test('a typhoon day from the command line: proposed, confirmed by another, carried out, opened again', async () => {
  expect(await as('lin', 'list')).toBe('There are no closures.');
  const preview = await propose('--county', '63000');
  expect(preview).toContain('1 windows at 1 sites and cancel 2 appointments of 2 people');
  expect(preview).toContain('0 places left elsewhere – TOO FEW');
  const [, digest = '', count = ''] = /confirm typhoon (\w+) (\d+)$/.exec(preview) ?? [];
  expect(await as('wu', 'show', 'typhoon')).toContain(digest);

  await expect(as('lin', 'confirm', 'typhoon', digest, count)).rejects.toThrow('[secondOperatorNeeded]');
  await expect(as('wu', 'confirm', 'typhoon', digest, '1')).rejects.toThrow('[closureDiffers]');
  expect(await as('wu', 'confirm', 'typhoon', digest, count)).toContain('being cancelled');
  await expect(as('wu', 'reopen', 'typhoon')).rejects.toThrow('[closureUnderWay]');
  await carryOutClosure(world.world.ledger, 'typhoon');
  expect(await as('wu', 'list')).toContain('2 appointments cancelled, 0 to go');
  expect(await as('wu', 'reopen', 'typhoon')).toContain('open again');
});

test('says plainly what is wrong', async () => {
  await expect(propose('--county', '99999')).rejects.toThrow(/\[(closureConfirmed|closureEmpty)\]/);
  await expect(propose('--county', 'Taipei')).rejects.toThrow('[requestInvalid]');
  await expect(propose('--county', '63000', '--town', 'X')).rejects.toThrow("'--town'");
  await expect(as('lin', 'show')).rejects.toThrow('Name the closure');
  await expect(as('lin', 'show', 'nothing')).rejects.toThrow('[closureUnknown]');
});
