import type { Obligation } from '../../domain/lifecycle/obligations';
import { Answers } from './answers';

const owed = (occasion: string, dueAt: string): Obligation => ({
  kind: 'remindToBook',
  roundId: 'round-1',
  occasion,
  dueAt,
  lapsesAt: '2031-12-31T00:00:00.000Z',
});
const first = owed('first', '2031-07-02T02:00:00.000Z');
const second = owed('second', '2031-07-02T02:00:30.000Z');
const due = Date.parse(first.dueAt);

test('what is settled is not asked for again, until the facts change', () => {
  const answers = new Answers();
  answers.belongTo(1);
  for (const answer of ['done', 'alreadyDone', 'notOwed'] as const) {
    answers.take(first, { answer }, due);
    expect(answers.nextOf([first, second])).toBe(second);
  }
  answers.belongTo(1);
  expect(answers.nextOf([first, second])).toBe(second);
  answers.belongTo(2);
  expect(answers.nextOf([first, second])).toBe(first);
});

test('what is not due is asked for at the ledger’s instant, at least a second later, and ever more rarely', () => {
  const answers = new Answers();
  answers.belongTo(1);
  const waits = Array.from({ length: 9 }, () => {
    answers.take(first, { answer: 'notDue', until: first.dueAt }, due);
    return (answers.notBefore(first) - due) / 1_000;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  answers.take(second, { answer: 'notDue', until: '2031-07-02T05:00:00.000Z' }, due);
  expect(answers.notBefore(second)).toBe(Date.parse('2031-07-02T05:00:00.000Z'));
});

test('while one has to wait, another that is due goes before it', () => {
  const answers = new Answers();
  answers.belongTo(1);
  answers.take(first, { answer: 'notDue', until: '2031-07-02T05:00:00.000Z' }, due);
  expect(answers.nextOf([first, second])).toBe(second);
});
