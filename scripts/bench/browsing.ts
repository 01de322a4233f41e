/** How dear it is to look around: lists of sites and windows against a fixed body of the same size, and their age. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

import { loadDemonstrationRound } from '../demo-data/load';
import type { Benchmark } from '../measurement/benchmark';
import { keepAliveLoad } from '../measurement/keep-alive-load';
import type { Measured } from '../measurement/report';
import { onStage, untilAnswered } from '../measurement/stage';
import { freePort } from '../runtime/ports';

const connections = 64;
const turnMs = 1_500;
/** Each side has this many turns, one after the other. */
const turns = 5;
/** How long places are taken and given back while their age is watched. */
const watchedMs = 8_000;
/** More than are taken while they are watched. */
const capacity = 1_000_000;

export const browsingBenchmark: Benchmark = {
  name: 'browsing',
  about: 'lists of sites and windows against a fixed body, and how old their counts are',
  run: (say) =>
    onStage(async (stage) => {
      say('loading the demonstration rounds');
      await loadDemonstrationRound(stage.databaseUrl);
      const port = await freePort();
      const barePort = await freePort();
      const server = await stage.start({
        name: 'browsing-server',
        script: 'scripts/bench/browsing-server.js',
        arguments: [String(barePort)],
        settings: { ...stage.settings, PORT: String(port) },
      });
      await untilAnswered(
        server,
        `http://127.0.0.1:${String(barePort)}/fixed/1`,
        stage.settings['YIYUE_HOME'] ?? '',
      );
      const db = new Client({ connectionString: stage.databaseUrl });
      await db.connect();
      try {
        const district = await busyDistrict(db);
        const measured: Measured[] = [];
        for (const [name, path] of Object.entries(district.paths)) {
          measured.push(...(await compare(name, path, port, barePort, say)));
        }
        say('watching how old counts are');
        measured.push(await oldest(db, district, port));
        return measured;
      } finally {
        await db.end();
      }
    }),
};

interface BusyDistrict {
  /** A window of the site whose windows are listed. */
  readonly slotId: number;
  readonly paths: { readonly sites: string; readonly slots: string };
}

/** A district of a city offers this many sites, and each of them so many windows on so many days. */
const sitesOfDistrict = 20;
const daysOfSite = 7;
const windowsOfDay = 6;

/** Makes one district as full of sites as a city's and answers the addresses of its lists. */
async function busyDistrict(db: Client): Promise<BusyDistrict> {
  const { rows } = await db.query<{ round_id: string; product: string; district_code: string }>(`
    select round_id, product, district_code from slot join site using (site_id)
      join booking_window w using (round_id, product)
    where starts_at > ledger_now() and w.opens_at <= ledger_now() and w.closes_at > ledger_now()
    order by slot_id limit 1`);
  const [row] = rows;
  if (!row) throw new Error('the demonstration rounds have no windows');
  await db.query(
    `insert into site (site_id, name_zh, name_en, county_code, district_code, address_zh, address_en, phone)
     select 'BENCH-' || n, '第' || n || '接種站', 'Site ' || n, left($1, 5), $1, '健康路' || n || '號',
       'No. ' || n || ', Jiankang Rd.', '02-2733-5831'
     from generate_series(1, $2::int) n`,
    [row.district_code, sitesOfDistrict],
  );
  await db.query(
    `insert into slot (round_id, site_id, product, session_date, starts_at, ends_at, capacity)
     select $1, 'BENCH-' || n, $2, (day at time zone 'Asia/Taipei')::date, day + h * interval '1 hour',
       day + (h + 1) * interval '1 hour', $6
     from generate_series(1, $3::int) n, generate_series(0, $5::int - 1) h,
       (select date_trunc('day', ledger_now(), 'Asia/Taipei') + d * interval '1 day' + interval '9 hours' as day
        from generate_series(1, $4::int) d) days`,
    [row.round_id, row.product, sitesOfDistrict, daysOfSite, windowsOfDay, capacity],
  );
  const offer = `product=${row.product}&roundId=${row.round_id}`;
  const siteId = 'BENCH-1';
  const slots = await db.query<{ slot_id: number }>(
    'select min(slot_id) as slot_id from slot where site_id = $1',
    [siteId],
  );
  return {
    slotId: Number(slots.rows[0]?.slot_id),
    paths: {
      sites: `/v1/sites?districtCode=${row.district_code}&${offer}`,
      slots: `/v1/sites/${siteId}/slots?${offer}`,
    },
  };
}

/** The list, a fixed body of its size in the same app, and one in a server without anything around it, in turns. */
async function compare(
  name: string,
  path: string,
  port: number,
  barePort: number,
  say: (progress: string) => void,
): Promise<readonly Measured[]> {
  const bytes = Buffer.byteLength(await (await fetch(`http://127.0.0.1:${String(port)}${path}`)).text());
  const sides = {
    list: { port, path },
    bare: { port: barePort, path: `/fixed/${String(bytes)}` },
    app: { port, path: `/fixed/${String(bytes)}` },
  };
  const rates: Record<keyof typeof sides, number[]> = { list: [], bare: [], app: [] };
  let failed = 0;
  // The first turn warms up and does not count.
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const side of ['bare', 'list', 'app'] as const) {
      say(`${name}, turn ${String(turn)} of ${String(turns)}: ${side}`);
      const outcome = await keepAliveLoad({ ...sides[side], connections, ms: turnMs });
      failed += outcome.failed;
      if (turn > 0) rates[side].push(outcome.perSecond);
    }
  }
  const list = median(rates.list);
  const peers = [
    {
      name: `fixed body of ${String(bytes)} bytes, server without plugins, answers/s`,
      value: median(rates.bare),
    },
    { name: `fixed body of ${String(bytes)} bytes, in the app, answers/s`, value: median(rates.app) },
    { name: 'the list, answers/s', value: list },
  ];
  return [
    {
      name: `browsing.${name}.ratio-to-fixed-body`,
      value: list / median(rates.bare),
      unit: 'ratio',
      better: 'higher',
      target: 0.5,
      peers,
    },
    {
      name: `browsing.${name}.ratio-to-fixed-body-in-the-app`,
      value: list / median(rates.app),
      unit: 'ratio',
      better: 'higher',
      target: 0.5,
    },
    { name: `browsing.${name}.failed`, value: failed, unit: 'count', better: 'lower', target: 0 },
  ];
}

/**
 * How old the oldest count was: places of one window are taken one by one while its list is read under load. An answer
 * that shows n taken was too old by the time since the n+1st was committed, reckoned until it had arrived.
 */
async function oldest(db: Client, { slotId, paths }: BusyDistrict, port: number): Promise<Measured> {
  /** `committedAt[n]`: when n places were known to be taken. */
  const committedAt: number[] = [performance.now()];
  const endsAt = performance.now() + watchedMs;
  let oldestMs = 0;
  let read = 0;
  await db.query('update slot set booked = 0 where slot_id = $1', [slotId]);
  const taking = async () => {
    while (performance.now() < endsAt) {
      await db.query('update slot set booked = booked + 1 where slot_id = $1', [slotId]);
      committedAt.push(performance.now());
      await pause(20);
    }
  };
  const reading = async () => {
    // What was held before the first was taken may still be shown.
    await pause(1_000);
    while (performance.now() < endsAt) {
      const answer = await fetch(`http://127.0.0.1:${String(port)}${paths.slots}`);
      const { slots } = (await answer.json()) as { slots: { slotId: number; left: number }[] };
      const now = performance.now();
      const taken = capacity - (slots.find((slot) => slot.slotId === slotId)?.left ?? Number.NaN);
      const overtakenAt = committedAt[taken + 1];
      if (overtakenAt !== undefined) oldestMs = Math.max(oldestMs, now - overtakenAt);
      read += 1;
      await pause(5);
    }
  };
  const looking = keepAliveLoad({ port, path: paths.slots, connections: 8, ms: watchedMs });
  await Promise.all([taking(), reading(), looking]);
  return {
    name: 'browsing.oldest-count',
    value: oldestMs,
    unit: 'ms',
    better: 'lower',
    target: 1_000,
    peers: [
      { name: 'lists read', value: read },
      { name: 'places taken meanwhile', value: committedAt.length - 1 },
    ],
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
