import { readFileSync } from 'node:fs';
import path from 'node:path';

import { costsOf, type Costs, type MeasuredFigure } from './costs';
import { coresFor, countryNeed } from './model';
import { filledPage, picture } from './page';

const docs = path.resolve(__dirname, '../../docs');
const read = (name: string) => readFileSync(path.join(docs, name), 'utf8');
const measured = JSON.parse(read('capacity/measured.json')) as { results: readonly MeasuredFigure[] };

describe('the capacity page', () => {
  const costs = costsOf(measured.results);

  test('says what the model works out from the figures beside it (else: npm run capacity)', () => {
    expect(filledPage(read('capacity.md'), costs)).toBe(read('capacity.md'));
  });

  test('shows the picture of the same figures', () => {
    expect(read('pictures/capacity.svg')).toBe(picture(costs));
  });
});

describe('the model', () => {
  const costs: Costs = {
    registration: { api: 1, ledger: 2 },
    booking: { api: 1, ledger: 1 },
    reading: { api: 0.1 },
    text: { workers: 0.5, ledger: 0.5 },
    carriedRegistration: { engine: 10, engineDatabase: 5, workers: 3 },
    carriedStep: { engine: 12, engineDatabase: 6, workers: 6 },
    tasksOfALife: 6,
    disk: { ledger: 3, engine: 12 },
  };

  test('reckons each second’s work in cores that are 60 % busy', () => {
    const cores = coresFor(costs, { name: 'registrations', registrations: 60, readings: 0 });
    expect(cores).toEqual({ api: 0.1, ledger: 0.2, engine: 1, engineDatabase: 0.5, workers: 0.3 });
  });

  test('counts what people read before they act, unless the load says how much is read', () => {
    expect(coresFor(costs, { name: 'bookings', bookings: 60 }).api).toBeCloseTo(0.1 + 0.1);
    expect(coresFor(costs, { name: 'readings', readings: 6_000 }).api).toBeCloseTo(1);
  });

  test('adds a life up from its tasks', () => {
    const need = countryNeed(costs, 3_600_000, 1);
    expect(need.registrationCoreHours).toBeCloseTo(18);
    expect(need.lifeCoreHours).toBeCloseTo(18 + 5 * 24);
    expect(need.cores.engine).toBeCloseTo(10 / 0.6);
  });

  test('names the figure that a report lacks', () => {
    expect(() => costsOf([])).toThrow('cost.registration');
  });
});
