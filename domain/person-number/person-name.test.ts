import { isSameName } from './person-name';

test.each([
  ['甄健康', '甄健康', true],
  ['甄健康', ' 甄 健康\u3000', true],
  ['Ｗｕ', 'WU', true],
  ['阿美‧Kacaw', '阿美・kacaw', true],
  ['\u{2F80C}', '㒞', true],
  ['甄健康', '甄建康', false],
  ['甄健', '甄健康', false],
  ['', '', false],
])('%s and %s are the same name: %s', (one, other, same) => {
  expect(isSameName(one, other)).toBe(same);
});
