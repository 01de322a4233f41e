/** Processor time of what people do, by part, for the capacity model: one booking over HTTP, one registration. */
import { Client } from 'pg';

import { openLedger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { register } from '../../ledger/registration';
import { inLanes } from '../../workers/repeating';
import type { Benchmark } from '../measurement/benchmark';
import { cpuSecondsOf, cpuSecondsOfChildren } from '../measurement/cpu-time';
import type { Measured } from '../measurement/report';
import { onStage, type Stage } from '../measurement/stage';
import { BellWorld } from './booking/bell-world';
import { Fleet } from './booking/fleet';
import { makePeople, prepareRound } from './engine/waiting-people';

const bookingsPerSecond = 300;
const bookingSeconds = 12;
const warmUpSeconds = 3;
const windows = 300;
const registrations = 3_000;
const atOnce = 8;

export const costBenchmark: Benchmark = {
  name: 'cost',
  about: 'processor time of one booking and one registration, by part',
  run: (say) =>
    onStage(async (stage) => {
      say('bookings');
      const booking = await bookingCost(stage);
      say('registrations');
      return [booking, ...(await registrationCost(stage))];
    }),
};

async function bookingCost(stage: Stage): Promise<Measured> {
  const people = bookingsPerSecond * (bookingSeconds + warmUpSeconds);
  const world = await BellWorld.fill(stage.databaseUrl, people);
  const fleet = await Fleet.start(stage.settings);
  try {
    await fleet.use({ name: 'ours', connections: 2 });
    const ring = async (seconds: number) => {
      const wishes = await world.wishes(windows, bookingsPerSecond * seconds, 1);
      const result = await fleet.ring({ rate: bookingsPerSecond, wishes, connections: 64 });
      await world.check(wishes, result);
      return result.booked.length;
    };
    await ring(warmUpSeconds);
    const api = () => cpuSecondsOfChildren('api-process.js');
    const database = () => cpuSecondsOf(stage.database.pid) ?? 0;
    const [apiBefore, databaseBefore] = [api(), database()];
    const booked = await ring(bookingSeconds);
    return costOf('booking', booked, { api: api() - apiBefore, database: database() - databaseBefore });
  } finally {
    await fleet.stop();
    await world.close();
  }
}

/** By the ledger's own command in this process, as an API process calls it; HTTP adds what a fixed body costs. */
async function registrationCost(stage: Stage): Promise<readonly Measured[]> {
  const { settings } = stage;
  const client = new Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const ledger = openLedger({
    databaseUrl: stage.databaseUrl,
    keys: parseLedgerKeys(settings['YIYUE_DATA_KEYS'] ?? '', settings['YIYUE_INDEX_KEY'] ?? ''),
    maxConnections: atOnce,
  });
  try {
    const roundId = await prepareRound(client, { open: true });
    const kept = async () => {
      const { rows } = await client.query<{ bytes: string }>(
        'select pg_database_size(current_database()) as bytes',
      );
      return Number(rows[0]?.bytes ?? 0);
    };
    const keptBefore = await kept();
    const people = await makePeople(client, registrations, 'known');
    await client.query('analyze');
    const databaseBefore = cpuSecondsOf(stage.database.pid) ?? 0;
    const ownBefore = process.cpuUsage();
    await inLanes(people, atOnce, async (personKey) => {
      const outcome = await register(
        ledger,
        {
          personKey,
          actor: 'citizen',
          channel: 'web',
          idempotency: { key: personKey, requestHash: Buffer.alloc(32) },
        },
        { roundId, mobile: '0900000678', districtCode: '63000030', products: ['Moderna'], language: 'zh' },
      );
      if (!outcome.ok) throw new Error(`a registration was refused: ${outcome.refusal.code}`);
      return true;
    });
    const own = process.cpuUsage(ownBefore);
    const database = (cpuSecondsOf(stage.database.pid) ?? 0) - databaseBefore;
    return [
      costOf('registration', people.length, { api: (own.user + own.system) / 1e6, database }),
      {
        name: 'cost.registration.disk',
        value: ((await kept()) - keptBefore) / registrations / 1_024,
        unit: 'KB/person',
        better: 'lower',
      },
    ];
  } finally {
    await ledger.close();
    await client.end();
  }
}

function costOf(
  act: string,
  count: number,
  seconds: { readonly api: number; readonly database: number },
): Measured {
  const each = (value: number) => (value * 1_000) / count;
  return {
    name: `cost.${act}`,
    value: each(seconds.api + seconds.database),
    unit: 'ms/act',
    better: 'lower',
    peers: [
      { name: 'api', value: each(seconds.api) },
      { name: 'database', value: each(seconds.database) },
    ],
  };
}
