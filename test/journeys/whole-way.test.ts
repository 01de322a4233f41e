import { openInstance, type Instance } from '../../scripts/demo/instance';
import { walk, StepFailed } from '../../scripts/demo/walk';
import { Way } from '../../scripts/demo/way';
import { wholeWay } from '../../scripts/demo/whole-way';
import { demonstrationPeople } from '../../scripts/demo-data/known-people';
import { brokenInvariants } from '../../scripts/faults/invariants';

jest.setTimeout(120_000);

let instance: Instance;
beforeAll(async () => {
  instance = await openInstance();
});
afterAll(() => instance.close());

function walkerWho(situation: string) {
  const person = demonstrationPeople.find((candidate) => candidate.situation === situation);
  if (!person?.mobile) throw new Error(`nobody with a mobile is an ${situation}`);
  return { ...person, mobile: person.mobile };
}

test('an elder registers, is invited, books, cancels, books again, moves, is reminded and attends', async () => {
  const way = new Way(instance, walkerWho('elder who may register'));
  const walked = await walk(way, wholeWay);
  expect(walked.map(({ name }) => name)).toEqual(wholeWay.map(({ name }) => name));
  expect(
    await brokenInvariants(instance.ledger.db, {
      acknowledged: way.acknowledged,
      inbox: await instance.received(),
    }),
  ).toEqual([]);
});

test('a step that is not as it should be stops the way and says which', async () => {
  const way = new Way(instance, walkerWho('adult who may register'));
  // Registration is over by now, and nobody who had no part in it comes in.
  await expect(walk(way, wholeWay)).rejects.toThrow(StepFailed);
  await expect(walk(way, wholeWay)).rejects.toThrow(/^sign in: .* 403 identityNotConfirmed$/);
});
