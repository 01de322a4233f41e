import { checkHistory, historyOf, linearizabilityChecker, type HistoryOperation } from './linearizability';
import type { RecordedAct } from './record';

let checker: string;
beforeAll(async () => {
  checker = await linearizabilityChecker(() => undefined);
}, 120_000);

/** An act of `person` from `call` to `end`, on window 7 with two places unless said otherwise. */
function act(
  person: string,
  kind: HistoryOperation['kind'],
  outcome: HistoryOperation['outcome'],
  call: number,
  end: number,
  windows: { readonly slot?: string; readonly fromSlot?: string } = {},
): HistoryOperation {
  const { slot = '7', fromSlot = '' } = windows;
  return { client: 0, person, kind, slot, fromSlot, outcome, call, return: end };
}

const verdictOn = async (...operations: readonly HistoryOperation[]) =>
  (await checkHistory(checker, { capacities: { 7: 2, 8: 1 }, operations })).verdict;

test('bookings one after another and a refusal when full are explained', async () => {
  expect(
    await verdictOn(
      act('a', 'book', 'done', 1, 2),
      act('b', 'book', 'done', 3, 4),
      act('c', 'book', 'full', 5, 6),
      act('a', 'cancel', 'done', 7, 8),
      act('c', 'book', 'done', 9, 10),
    ),
  ).toBe('linearizable');
});

test.each<[string, readonly HistoryOperation[]]>([
  [
    'a window with two places is given to three',
    [act('a', 'book', 'done', 1, 9), act('b', 'book', 'done', 1, 9), act('c', 'book', 'done', 1, 9)],
  ],
  [
    'a cancellation is lost: the place it freed is refused',
    [
      ...[act('a', 'book', 'done', 1, 2), act('b', 'book', 'done', 3, 4)],
      ...[act('a', 'cancel', 'done', 5, 6), act('c', 'book', 'full', 7, 8)],
    ],
  ],
  [
    'a window is refused as full that is not',
    [act('a', 'book', 'done', 1, 2), act('b', 'book', 'full', 3, 4)],
  ],
  [
    'one person gets two appointments',
    [act('a', 'book', 'done', 1, 2), act('a', 'book', 'done', 3, 4, { slot: '8' })],
  ],
  [
    'a move takes a place and does not free the old one',
    [
      ...[act('a', 'book', 'done', 1, 2, { slot: '8' })],
      ...[act('a', 'move', 'done', 3, 4, { slot: '7', fromSlot: '8' })],
      ...[act('b', 'book', 'full', 5, 6, { slot: '8' })],
    ],
  ],
])('it is noticed when %s', async (_, operations) => {
  expect(await verdictOn(...operations)).toBe('notLinearizable');
});

test('an answer that never came explains a refusal that came while it may have been done', async () => {
  expect(
    await verdictOn(
      act('a', 'book', 'done', 1, 2),
      act('b', 'book', 'unknown', 1, Number.MAX_SAFE_INTEGER),
      act('c', 'book', 'full', 3, 4),
      act('d', 'book', 'full', 5, 6),
    ),
  ).toBe('linearizable');
});

test('of a client’s record a refusal after a lost answer is left open', () => {
  const recorded: RecordedAct = {
    ...{ client: 1, personKey: 'p', act: 'book', key: 'k', slotId: 7, calledAt: 1.5, returnedAt: 2.5 },
    ...{ tries: 2, lost: 1, outcome: { kind: 'refused', code: 'slotFull', doubtful: true } },
  };
  expect(historyOf([recorded], { 7: 2 }).operations).toEqual(
    [act('p', 'book', 'unknown', 1_500_000, Number.MAX_SAFE_INTEGER)].map((operation) => ({
      ...operation,
      client: 1,
    })),
  );
});
