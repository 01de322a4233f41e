/** From measured cost per step to cores: what each of the recorded peaks and a whole country need, part by part. */
import { parts, type Cost, type Costs, type Part } from './costs';
import { readingsOfAnAct, type Load } from './loads';

/** No part is planned busier than this: queues grow without bound near 1. */
export const busy = 0.6;

export type Cores = Readonly<Record<Part, number>>;

/** Cores for a load of which the engine's side keeps pace. */
export function coresFor(costs: Costs, load: Load): Cores {
  const { registrations = 0, bookings = 0, texts = 0 } = load;
  const readings =
    load.readings ?? registrations * readingsOfAnAct.registration + bookings * readingsOfAnAct.booking;
  return coresOf([
    [registrations, costs.registration],
    [registrations, costs.carriedRegistration],
    [bookings, costs.booking],
    [bookings, costs.carriedStep],
    [texts, costs.text],
    [readings, costs.reading],
  ]);
}

/** Cores for so many steps a second at their cost, none busier than `busy`. */
function coresOf(steps: readonly (readonly [perSecond: number, cost: Cost])[]): Cores {
  const need = (part: Part) =>
    steps.reduce((sum, [perSecond, cost]) => sum + (perSecond * (cost[part] ?? 0)) / 1_000, 0) / busy;
  const entries = parts.map((part) => [part, need(part)] as const);
  return Object.fromEntries(entries) as Record<Part, number>;
}

export interface CountryNeed {
  /** Hours of one core, all of it used, to carry every registration. */
  readonly registrationCoreHours: number;
  /** The same for every step of every life, from registration to vaccination. */
  readonly lifeCoreHours: number;
  /** Cores of the engine's side that carry every registration in `withinHours`. */
  readonly cores: Cores;
}

/** What the engine's side has to do for a whole country, and the cores that do it in time. */
export function countryNeed(costs: Costs, registrants: number, withinHours: number): CountryNeed {
  const milliseconds = (cost: Cost) => parts.reduce((sum, part) => sum + (cost[part] ?? 0), 0);
  const hours = (ms: number) => ms / 3_600_000;
  const registration = milliseconds(costs.carriedRegistration);
  const life = registration + (costs.tasksOfALife - 1) * milliseconds(costs.carriedStep);
  return {
    registrationCoreHours: hours(registrants * registration),
    lifeCoreHours: hours(registrants * life),
    cores: coresOf([[registrants / (withinHours * 3_600), costs.carriedRegistration]]),
  };
}
