/**
 * `npm run bench -- --only booking`: bookings behind HTTP in three processes at once, ours in batches against the best
 * plain handler and a textbook one, all in the same app with the same duties and each at its best number of connections.
 */
import type { Benchmark } from '../measurement/benchmark';
import type { Measured } from '../measurement/report';
import { onStage } from '../measurement/stage';
import { bookingsPerSecond, median, quantile, refusalsPerSecond, type BellResult } from './booking/bell';
import { BellWorld, type Wrongs } from './booking/bell-world';
import type { Contender, ContenderName } from './booking/contender';
import { Fleet } from './booking/fleet';

/** Invited people; whoever is refused asks again in the next ring. */
const people = 120_000;
/** So many people ask for each place. */
const demand = 10;
/** More requests a second than any contender answers. */
const floodRate = 20_000;
const browsers = 600;
const turns = 3;

interface Shape {
  readonly name: 'hot' | 'spread';
  readonly windows: number;
  /** Places of a flood: for each contender enough to be busy with for some seconds. */
  readonly places: Readonly<Record<ContenderName, number>>;
  readonly targets: Readonly<Record<'plain' | 'textbook', number>>;
}

const shapes: readonly Shape[] = [
  {
    name: 'hot',
    windows: 1,
    places: { ours: 4_000, plain: 1_200, textbook: 300 },
    targets: { plain: 5, textbook: 20 },
  },
  {
    name: 'spread',
    windows: 1_000,
    places: { ours: 4_000, plain: 2_000, textbook: 1_000 },
    targets: { plain: 2.5, textbook: 4 },
  },
];

const names: readonly ContenderName[] = ['ours', 'plain', 'textbook'];
/** Connections of each process that are tried. */
const tried: Readonly<Record<ContenderName, readonly number[]>> = {
  ours: [2, 3],
  plain: [1, 2, 4, 8],
  textbook: [1, 2, 4, 8],
};
/** Places of the p99's bell, the same for all. */
const bellPlaces = 1_000;
/** Times the demand: a thousand requests for each process, until its code is compiled for good. */
const warmUpPlaces = 300;
const searchPlaces = 400;

export const bookingBenchmark: Benchmark = {
  name: 'booking',
  about: 'bookings a second and p99, in batches, against a plain and a textbook handler',
  run: (say) =>
    onStage(async ({ databaseUrl, settings }) => {
      say('inviting people …');
      const world = await BellWorld.fill(databaseUrl, people);
      const fleet = await Fleet.start(settings);
      try {
        return await new Bells(world, fleet, say).measure();
      } finally {
        await fleet.stop();
        await world.close();
      }
    }),
};

class Bells {
  /** Over all rings, those of the search among them. */
  readonly #wrongs = { lost: 0, oversold: 0, duties: 0, failed: 0 };

  constructor(
    private readonly world: BellWorld,
    private readonly fleet: Fleet,
    private readonly say: (progress: string) => void,
  ) {}

  async measure(): Promise<readonly Measured[]> {
    const measured: Measured[] = [];
    for (const shape of shapes) measured.push(...(await this.#measureShape(shape)));
    const wrong = (name: string, value: number): Measured => ({
      ...{ name: `booking.${name}`, value, unit: 'count', better: 'lower', target: 0 },
    });
    return [
      ...measured,
      wrong('acknowledged-but-lost', this.#wrongs.lost),
      wrong('windows-oversold-or-miscounted', this.#wrongs.oversold),
      wrong('bookings-without-a-duty', this.#wrongs.duties),
      wrong('requests-failed', this.#wrongs.failed),
    ];
  }

  async #measureShape(shape: Shape): Promise<readonly Measured[]> {
    const best = new Map<ContenderName, Contender>();
    for (const name of names) best.set(name, await this.#bestOf(name, shape));

    const floods: Record<ContenderName, BellResult[]> = { ours: [], plain: [], textbook: [] };
    for (let turn = 1; turn <= turns; turn += 1) {
      for (const name of names) {
        this.say(`${shape.name}: turn ${String(turn)} of ${String(turns)}, ${name}`);
        await this.#use(best.get(name), shape);
        floods[name].push(await this.#ring(shape, shape.places[name], floodRate));
      }
    }
    const rates = (name: ContenderName): number[] => floods[name].map(bookingsPerSecond);

    // Twice what the plain handler can: it is overrun, as at the bell, and the batches are not.
    const rate = Math.round(2 * median(rates('plain')));
    const bells: Partial<Record<ContenderName, BellResult>> = {};
    for (const name of names) {
      this.say(`${shape.name}: ${String(rate)} requests a second, ${name}`);
      await this.#use(best.get(name), shape);
      bells[name] = await this.#ring(shape, bellPlaces, rate);
    }
    return this.#figures(shape, best, floods, bells as Record<ContenderName, BellResult>);
  }

  #figures(
    { name: shape, targets }: Shape,
    best: ReadonlyMap<ContenderName, Contender>,
    floods: Readonly<Record<ContenderName, BellResult[]>>,
    bells: Readonly<Record<ContenderName, BellResult>>,
  ): readonly Measured[] {
    const peers = (of: (name: ContenderName) => number) =>
      names.filter((name) => name !== 'ours').map((name) => ({ name, value: of(name) }));
    const flood = (of: (result: BellResult) => number) => (name: ContenderName) =>
      median(floods[name].map(of));
    const booked = flood(bookingsPerSecond);
    const refused = flood(refusalsPerSecond);
    const ratio = (name: 'plain' | 'textbook') =>
      median(
        floods[name].map((theirs, turn) => {
          const ours = floods.ours[turn];
          return ours ? bookingsPerSecond(ours) / bookingsPerSecond(theirs) : Number.NaN;
        }),
      );
    const p99 = (of: 'booked' | 'refused') => (name: ContenderName) =>
      quantile(
        bells[name][of].map(({ ms }) => ms),
        0.99,
      );
    const tail = (of: 'booked' | 'refused'): Measured => ({
      name: `booking.${shape}.p99-${of}-at-ten-times-demand-and-twice-the-plain-rate`,
      value: p99(of)('ours'),
      unit: 'ms',
      better: 'lower',
      target: Math.min(...peers(p99(of)).map(({ value }) => value)),
      peers: peers(p99(of)),
    });
    return [
      {
        ...{ name: `booking.${shape}.bookings-until-sold-out`, unit: 'bookings/s', better: 'higher' },
        ...{ value: booked('ours'), peers: peers(booked) },
      },
      {
        ...{ name: `booking.${shape}.refusals-once-sold-out`, unit: 'refusals/s', better: 'higher' },
        ...{ value: refused('ours'), peers: peers(refused) },
      },
      ...(['plain', 'textbook'] as const).map((peer): Measured => ({
        ...{ name: `booking.${shape}.ratio-to-${peer}`, unit: 'ratio', better: 'higher' },
        ...{ value: ratio(peer), target: targets[peer] },
      })),
      tail('booked'),
      tail('refused'),
      {
        ...{ name: `booking.${shape}.best-connections-a-process`, unit: 'count', better: 'lower' },
        value: best.get('ours')?.connections ?? Number.NaN,
        peers: peers((name) => best.get(name)?.connections ?? Number.NaN),
      },
    ];
  }

  async #bestOf(name: ContenderName, shape: Shape): Promise<Contender> {
    let best: { readonly contender: Contender; readonly rate: number } | undefined;
    for (const connections of tried[name]) {
      this.say(`${shape.name}: ${name} with ${String(connections)} connections a process`);
      const contender = { name, connections };
      await this.#use(contender, shape);
      const rate = bookingsPerSecond(await this.#ring(shape, searchPlaces, floodRate, 2));
      if (!best || rate > best.rate) best = { contender, rate };
    }
    if (!best) throw new Error('something is tried for each contender');
    return best.contender;
  }

  /** Exchanges the contender and lets it run itself warm. */
  async #use(contender: Contender | undefined, shape: Shape): Promise<void> {
    if (!contender) throw new Error('each contender has its best number of connections');
    await this.fleet.use(contender);
    await this.#ring(shape, warmUpPlaces, floodRate);
  }

  async #ring(shape: Shape, places: number, rate: number, crowd = demand): Promise<BellResult> {
    // Few places are of few windows: each has one at least.
    const wishes = await this.world.wishes(Math.min(shape.windows, places), places, crowd);
    const result = await this.fleet.ring({ wishes, rate, connections: browsers });
    const wrongs: Wrongs = await this.world.check(wishes, result);
    this.#wrongs.lost += wrongs.lost;
    this.#wrongs.oversold += wrongs.oversold;
    this.#wrongs.duties += wrongs.duties;
    this.#wrongs.failed += result.failed.length;
    return result;
  }
}
