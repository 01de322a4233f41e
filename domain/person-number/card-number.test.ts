import { parseCardNumber } from './card-number';

describe('reading a card number', () => {
  test.each([
    ['990000000001'],
    ['9900 0000 0001'],
    ['9900-0000-0001'],
    ['９９００　００００　０００１'],
    [' 990000000001\n'],
  ])('%j is understood', (raw) => {
    expect(parseCardNumber(raw)).toEqual({ cardNumber: '990000000001' });
  });

  test.each([[''], ['99000000000'], ['9900000000011'], ['99000000000A'], ['٩٩٠٠٠٠٠٠٠٠٠١']])(
    '%j is refused',
    (raw) => {
      expect(parseCardNumber(raw)).toEqual({ refusal: 'cardNumberWrong' });
    },
  );
});
