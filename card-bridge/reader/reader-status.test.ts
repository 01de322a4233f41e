import { isVirtualReader, stateOf } from './reader-status';

test.each([
  ['Virtual PCD 00 00', true],
  ['Virtual PCD 00 01', true],
  ['CASTLES EZ100PU 00 00', false],
  ['Alcor Micro AU9540 00 00', false],
])('the reader %s is of software: %s', (name, virtual) => {
  expect(isVirtualReader(name)).toBe(virtual);
});

test('one reader with a card is enough to read, whichever it is', () => {
  const empty = { name: 'first', virtual: false, cardPresent: false, atr: null };
  const filled = { name: 'second', virtual: false, cardPresent: true, atr: '3B00' };
  expect(stateOf([])).toBe('noReader');
  expect(stateOf([empty])).toBe('noCard');
  expect(stateOf([empty, filled])).toBe('ready');
});
