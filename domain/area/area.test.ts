import fc from 'fast-check';
import {
  counties,
  distanceKm,
  districts,
  districtsByDistance,
  districtsOf,
  findCounty,
  findDistrict,
} from './area';

const anyDistrict = fc.constantFrom(...districts);

function districtNamed(countyName: string, name: string) {
  const county = counties.find(({ zh }) => zh === countyName);
  const district = districtsOf(county?.code ?? '').find(({ zh }) => zh === name);
  if (!district) throw new Error(`no district ${name} in ${countyName}`);
  return district;
}

describe('counties and districts', () => {
  test('there are 22 counties and 368 districts, each code once', () => {
    expect(counties).toHaveLength(22);
    expect(new Set(counties.map(({ code }) => code)).size).toBe(22);
    expect(districts).toHaveLength(368);
    expect(new Set(districts.map(({ code }) => code)).size).toBe(368);
  });

  test('a district code opens with the code of its county, and every county has districts', () => {
    for (const { code, countyCode } of districts) {
      expect(code).toMatch(/^\d{8}$/);
      expect(code.slice(0, 5)).toBe(countyCode);
      expect(findCounty(countyCode)).toBeDefined();
    }
    expect(counties.flatMap(({ code }) => districtsOf(code))).toEqual(districts);
  });

  test('names are written with 臺, as official documents do', () => {
    const names = [...counties, ...districts].map(({ zh }) => zh);
    expect(names.filter((name) => name.includes('台'))).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining(['臺北市', '臺中市', '臺南市', '臺東縣', '臺東市', '臺西鄉', '霧臺鄉']),
    );
  });

  test('every name says in Chinese and English what kind of area it is', () => {
    for (const { zh, en } of counties) expect(`${zh} ${en}`).toMatch(/縣 .+ County$|市 .+ City$/);
    for (const { zh, en } of districts) {
      expect(`${zh} ${en}`).toMatch(/區 .+ District$|[鄉鎮] .+ Township$|市 .+ City$/);
    }
  });

  test('a code that nobody has finds nothing', () => {
    expect(findDistrict('63000999')).toBeUndefined();
    expect(findCounty('99999')).toBeUndefined();
    expect(districtsOf('99999')).toEqual([]);
    expect(districtsByDistance('63000999')).toEqual([]);
  });
});

describe('distance between districts', () => {
  test('every middle lies on Taiwan or its islands', () => {
    for (const { latitude, longitude } of districts) {
      expect(latitude).toBeGreaterThan(21.9);
      expect(latitude).toBeLessThan(26.4);
      expect(longitude).toBeGreaterThan(118.2);
      expect(longitude).toBeLessThan(122.1);
    }
  });

  test.each([
    ['臺北市', '信義區', '臺北市', '大安區', 1, 6],
    ['臺北市', '中正區', '高雄市', '前鎮區', 280, 310],
    ['臺北市', '中正區', '金門縣', '金城鎮', 300, 350],
  ])('%s%s and %s%s are between %d and %d km apart', (countyA, a, countyB, b, least, most) => {
    const km = distanceKm(districtNamed(countyA, a), districtNamed(countyB, b));
    expect(km).toBeGreaterThan(least);
    expect(km).toBeLessThan(most);
  });

  test('the nearest district is the district itself, and nothing nearer follows anything farther', () => {
    fc.assert(
      fc.property(anyDistrict, (from) => {
        const ordered = districtsByDistance(from.code);
        expect(ordered).toHaveLength(368);
        expect(ordered[0]).toEqual(from);
        const kilometres = ordered.map((district) => distanceKm(from, district));
        expect(kilometres).toEqual([...kilometres].sort((a, b) => a - b));
      }),
      { numRuns: 20 },
    );
  });

  test('it is as far there as back', () => {
    fc.assert(
      fc.property(anyDistrict, anyDistrict, (a, b) =>
        expect(distanceKm(a, b)).toBeCloseTo(distanceKm(b, a), 9),
      ),
    );
  });
});
