/** The 22 counties and 368 districts of Taiwan by the Ministry of the Interior's codes, and how far apart they are. */
import areas from './areas.json';

/** 鄉鎮市區. `code` has eight digits, the first five of them its county's; the position is that of its main land's middle. */
export interface District {
  readonly code: string;
  readonly countyCode: string;
  readonly zh: string;
  readonly en: string;
  /** Degrees north, WGS 84. */
  readonly latitude: number;
  /** Degrees east, WGS 84. */
  readonly longitude: number;
}

/** 縣市. `code` has five digits. */
export interface County {
  readonly code: string;
  readonly zh: string;
  readonly en: string;
}

/** All counties in the order that official lists keep. */
export const counties: readonly County[] = areas.map(({ code, zh, en }) => ({ code, zh, en }));

/** All districts, county by county, in the order of their codes. */
export const districts: readonly District[] = areas.flatMap((county) =>
  county.districts.map(({ code, zh, en, lat, lon }) => ({
    code,
    countyCode: county.code,
    zh,
    en,
    latitude: lat,
    longitude: lon,
  })),
);

const countyByCode = new Map(counties.map((county) => [county.code, county]));
const districtByCode = new Map(districts.map((district) => [district.code, district]));
const districtsByCounty = new Map(
  counties.map(({ code }) => [code, districts.filter(({ countyCode }) => countyCode === code)]),
);

/** The county of that code, if there is one. */
export function findCounty(code: string): County | undefined {
  return countyByCode.get(code);
}

/** The district of that code, if there is one. */
export function findDistrict(code: string): District | undefined {
  return districtByCode.get(code);
}

/** The districts of a county; none for a code that no county has. */
export function districtsOf(countyCode: string): readonly District[] {
  return districtsByCounty.get(countyCode) ?? [];
}

/** Every district from the nearest to the farthest of `code`, itself first; none when no district has that code. */
export function districtsByDistance(code: string): readonly District[] {
  const from = districtByCode.get(code);
  if (!from) return [];
  return districts
    .map((district) => ({ district, km: distanceKm(from, district) }))
    .sort((a, b) => a.km - b.km)
    .map(({ district }) => district);
}

const earthRadiusKm = 6371;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Kilometres between the middles of two districts, as the crow flies (haversine formula). */
export function distanceKm(a: District, b: District): number {
  const halfLatitude = Math.sin(radians(b.latitude - a.latitude) / 2);
  const halfLongitude = Math.sin(radians(b.longitude - a.longitude) / 2);
  const h =
    halfLatitude ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * halfLongitude ** 2;
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(h));
}
