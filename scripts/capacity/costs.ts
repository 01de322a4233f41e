/** What each step costs in processor time, as the benchmarks measured it. */

/** The part of a report that the model reads. */
export interface MeasuredFigure {
  readonly name: string;
  readonly value: number;
  readonly peers: readonly { readonly name: string; readonly value: number }[];
}

/** The parts of an installation that are scaled by themselves. */
export const parts = ['api', 'ledger', 'engine', 'engineDatabase', 'workers'] as const;
export type Part = (typeof parts)[number];

/** Processor milliseconds by part; a part that is left out is not used. */
export type Cost = Partial<Readonly<Record<Part, number>>>;

export interface Costs {
  readonly registration: Cost;
  readonly booking: Cost;
  /** One reading of a list of windows. */
  readonly reading: Cost;
  readonly text: Cost;
  /** What the engine's side does after a registration: a run that ends with its first task. */
  readonly carriedRegistration: Cost;
  /** What it does after anything that something is owed for: a task that sets a timer. */
  readonly carriedStep: Cost;
  /** Workflow tasks of a whole life; one of them is the registration's. */
  readonly tasksOfALife: number;
  /** Kilobytes that a registered person takes up, with indexes: in the ledger, and in the engine until retention ends. */
  readonly disk: { readonly ledger: number; readonly engine: number };
}

/** Reads the costs from a report's results. Throws an error that names the figure that is missing. */
export function costsOf(results: readonly MeasuredFigure[]): Costs {
  const figure = (name: string) => {
    const found = results.find((result) => result.name === name);
    if (!found) throw new Error(`the report has no ${name}: run npm run bench with all of its parts`);
    return found;
  };
  const peer = (name: string, of: string) => {
    const found = figure(name).peers.find((each) => each.name === of);
    if (!found) throw new Error(`the report's ${name} says nothing of ${of}`);
    return found.value;
  };
  const act = (name: string): Cost => ({ api: peer(name, 'api'), ledger: peer(name, 'database') });
  const carried = (name: string): Cost => ({
    ledger: peer(name, 'ledger database'),
    engine: peer(name, 'engine'),
    engineDatabase: peer(name, 'engine database'),
    workers: peer(name, 'relay') + peer(name, 'citizen'),
  });
  return {
    registration: act('cost.registration'),
    booking: act('cost.booking'),
    // One process answers on one core.
    reading: { api: 1_000 / peer('browsing.slots.ratio-to-fixed-body', 'the list, answers/s') },
    text: {
      workers: figure('texts.sender-cpu').value,
      ledger: peer('texts.sender-cpu', 'database, ms/text'),
    },
    carriedRegistration: carried('relay.registered.cpu'),
    carriedStep: carried('relay.invited.cpu'),
    tasksOfALife: figure('life.workflow-tasks').value,
    disk: {
      ledger: figure('cost.registration.disk').value,
      engine: figure('relay.registered.engine-disk').value,
    },
  };
}
