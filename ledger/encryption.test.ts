import { randomBytes } from 'node:crypto';
import fc from 'fast-check';

import { blindIndex, parseLedgerKeys, seal, unseal, type LedgerKeys } from './encryption';

const key = randomBytes(32);
const refusedToOpen = /does not open|is not among the settings/;
const keys: LedgerKeys = { dataKeys: new Map([[1, key]]), currentDataKey: 1, indexKey: randomBytes(32) };

describe('a sealed column', () => {
  test('opens to what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uuid(), (plain, rowId) => {
        expect(unseal(keys, rowId, seal(keys, rowId, plain))).toBe(plain);
      }),
    );
  });

  test('does not open with any one bit of it changed', () => {
    const sealed = seal(keys, 'row', '甄健康');
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.nat(7), (place, bit) => {
        const tampered = Buffer.from(sealed);
        tampered.writeUInt8(tampered.readUInt8(place) ^ (1 << bit), place);
        expect(() => unseal(keys, 'row', tampered)).toThrow(refusedToOpen);
      }),
    );
  });

  test('does not open when it was cut short', () => {
    const sealed = seal(keys, 'row', '0912345678');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => unseal(keys, 'row', sealed.subarray(0, length))).toThrow(refusedToOpen);
    }
  });

  test('does not open in another row', () => {
    expect(() => unseal(keys, 'other row', seal(keys, 'row', '甄健康'))).toThrow(refusedToOpen);
  });

  test('is different each time, so that equal mobiles do not show', () => {
    expect(seal(keys, 'row', '0912345678').equals(seal(keys, 'row', '0912345678'))).toBe(false);
  });

  test('of an older key opens as long as that key is among the settings', () => {
    const sealed = seal(keys, 'row', '甄健康');
    const rotated: LedgerKeys = {
      ...keys,
      dataKeys: new Map([
        [1, key],
        [2, randomBytes(32)],
      ]),
      currentDataKey: 2,
    };
    expect(unseal(rotated, 'row', sealed)).toBe('甄健康');
    expect(seal(rotated, 'row', '甄健康')[0]).toBe(2);
    const without: LedgerKeys = { ...rotated, dataKeys: new Map([[2, randomBytes(32)]]) };
    expect(() => unseal(without, 'row', sealed)).toThrow('data key 1 is not among the settings');
  });

  test('says nothing of what was sealed when it does not open', () => {
    try {
      unseal(keys, 'other row', seal(keys, 'row', 'A123456789'));
    } catch (error) {
      expect(String(error)).not.toContain('A123456789');
    }
    expect.assertions(1);
  });
});

describe('the blind index', () => {
  test('is the same for equal numbers and another under another key', () => {
    expect(blindIndex(keys, 'A123456789').equals(blindIndex(keys, 'A123456789'))).toBe(true);
    expect(blindIndex(keys, 'A123456789').equals(blindIndex(keys, 'A123456788'))).toBe(false);
    const others = { ...keys, indexKey: randomBytes(32) };
    expect(blindIndex(keys, 'A123456789').equals(blindIndex(others, 'A123456789'))).toBe(false);
  });
});

describe('keys in the settings', () => {
  const base64 = key.toString('base64');

  test('are read by id, and the last one seals', () => {
    const parsed = parseLedgerKeys(`1:${base64}, 7:${randomBytes(32).toString('base64')}`, base64);
    expect([...parsed.dataKeys.keys()]).toEqual([1, 7]);
    expect(parsed.currentDataKey).toBe(7);
  });

  test.each([
    ['an id that is none', `x:${base64}`, base64, 'id from 0 to 255'],
    ['no id', base64, base64, 'id from 0 to 255'],
    ['an id of two bytes', `256:${base64}`, base64, 'id from 0 to 255'],
    ['the same id twice', `1:${base64},1:${base64}`, base64, 'data key 1 is named twice'],
    ['a short data key', '1:c2hvcnQ=', base64, 'the data key has to have 32 bytes'],
    ['no index key', `1:${base64}`, '', 'the index key has to have 32 bytes'],
  ])('are refused with %s, without repeating them', (_what, dataKeys, indexKey, message) => {
    const parse = () => parseLedgerKeys(dataKeys, indexKey);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(base64);
  });
});
