import * as fc from 'fast-check';
import { readGatewayTime, writeGatewayTime } from './gateway-time';

describe("gateways' times", () => {
  test.each([
    ['2106151430', '2021-06-15T06:30:00.000Z'],
    ['210615143059', '2021-06-15T06:30:59.000Z'],
    ['20210101075959', '2020-12-31T23:59:59.000Z'],
  ])('%s is read as Taipei wall clock', (digits, instant) => {
    expect(readGatewayTime(digits)?.toISOString()).toBe(instant);
  });

  test.each(['', '21061514', '2106151', '211315143000', '20210615143', 'yesterday00'])(
    '%p is no time',
    (digits) => {
      expect(readGatewayTime(digits)).toBeUndefined();
    },
  );

  test('what is written is read back to the second', () => {
    const times = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(times, (time) => {
        expect(readGatewayTime(writeGatewayTime(time))?.getTime()).toBe(
          Math.floor(time.getTime() / 1000) * 1000,
        );
      }),
    );
  });
});
