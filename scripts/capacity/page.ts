/** The parts of `docs/capacity.md` that are worked out: its tables, between marks in the page, and its picture. */
import { parts, type Costs, type Part } from './costs';
import { country, peaks } from './loads';
import { coresFor, countryNeed, type Cores } from './model';

const partNames: Readonly<Record<Part, string>> = {
  api: 'API',
  ledger: 'ledger database',
  engine: 'engine',
  engineDatabase: 'engine database',
  workers: 'relay, workers, sender',
};

/** Puts the tables of these costs into the page, between its marks. Throws when a mark is missing. */
export function filledPage(page: string, costs: Costs): string {
  const tables = { costs: costTable(costs), peaks: peakTable(costs), country: countryTable(costs) };
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [from, to] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [before, rest] = [text.split(from)[0], text.split(from)[1]];
    const after = rest?.split(to)[1];
    if (before === undefined || after === undefined) throw new Error(`the page has no mark "${name}"`);
    return `${before}${from}\n\n${table}\n\n${to}${after}`;
  }, page);
}

const number = (value: number): string =>
  value === 0
    ? '–'
    : value < 0.05
      ? '< 0.1'
      : value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });

/** A Markdown table as the formatter would leave it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function costTable(costs: Costs): string {
  const rows = [
    ['registration', costs.registration],
    ['registration carried to the engine', costs.carriedRegistration],
    ['booking', costs.booking],
    ['booking, reminder or end carried by the engine', costs.carriedStep],
    ['text message', costs.text],
    ['list of windows read', costs.reading],
  ] as const;
  const cell = (value: number | undefined) =>
    value === undefined
      ? '–'
      : value.toLocaleString('en', { maximumFractionDigits: 2, minimumFractionDigits: 2 });
  return table(
    ['processor milliseconds', ...parts.map((part) => partNames[part])],
    rows.map(([name, cost]) => [name, ...parts.map((part) => cell(cost[part]))]),
  );
}

function peakTable(costs: Costs): string {
  return table(
    ['peak', ...parts.map((part) => partNames[part])],
    peaks.map((load) => {
      const cores = coresFor(costs, load);
      return [load.name, ...parts.map((part) => number(cores[part]))];
    }),
  );
}

function countryTable(costs: Costs): string {
  const gigabytes = (kilobytes: number) => (kilobytes * country.registrants) / 1_024 ** 2;
  const { registrants, peak, carriedWithinHours } = country;
  const need = countryNeed(costs, registrants, carriedWithinHours);
  const atPeak = coresFor(costs, { name: 'country', registrations: peak });
  const engineSide = (cores: Cores) => cores.engine + cores.engineDatabase + cores.workers;
  return table(
    ['14 million registrants', 'need'],
    [
      [`hours to register all of them at the recorded ${String(peak)}/s`, number(registrants / peak / 3_600)],
      ['cores of API and ledger at that pace', number(atPeak.api + atPeak.ledger)],
      ['cores of engine, its database and workers that keep that pace', number(engineSide(atPeak))],
      [`the same to carry them within ${String(carriedWithinHours)} hours`, number(engineSide(need.cores))],
      ['core-hours of the engine’s side for all registrations', number(need.registrationCoreHours)],
      ['core-hours for all lives, registration to vaccination', number(need.lifeCoreHours)],
      ['GB in the ledger with indexes, once all have registered', number(gigabytes(costs.disk.ledger))],
      ['GB in the engine for their first runs, until retention ends', number(gigabytes(costs.disk.engine))],
    ],
  );
}

const colours: Readonly<Record<Part, string>> = {
  api: '#1d70b8',
  ledger: '#5694ca',
  engine: '#6f3c97',
  engineDatabase: '#b58cd0',
  workers: '#f47738',
};

/** A bar for each peak, divided by part; as SVG, with the same words in its description. */
export function picture(costs: Costs): string {
  const bars = peaks.map((load) => ({ name: load.name, cores: coresFor(costs, load) }));
  const total = (cores: Cores) => parts.reduce((sum, part) => sum + cores[part], 0);
  const longest = Math.max(...bars.map(({ cores }) => total(cores)));
  const [width, rowHeight, left, top] = [900, 46, 16, 44];
  const scale = (width - 120) / longest;
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const legend = parts.map((part, index) => {
    const x = left + index * 172;
    return `<rect x="${String(x)}" y="12" width="12" height="12" fill="${colours[part]}"/><text x="${String(x + 18)}" y="22">${escaped(partNames[part])}</text>`;
  });
  const drawn = bars.flatMap(({ name, cores }, row) => {
    const y = top + row * rowHeight;
    let x = left;
    const pieces = parts.map((part) => {
      const piece = cores[part] * scale;
      const rect = `<rect x="${x.toFixed(1)}" y="${String(y + 18)}" width="${piece.toFixed(1)}" height="16" fill="${colours[part]}"/>`;
      x += piece;
      return rect;
    });
    return [
      `<text x="${String(left)}" y="${String(y + 13)}">${escaped(name)}</text>`,
      ...pieces,
      `<text x="${(x + 6).toFixed(1)}" y="${String(y + 31)}">${number(total(cores))} cores</text>`,
    ];
  });
  const height = top + bars.length * rowHeight + 8;
  const said = bars.map(({ name, cores }) => `${name}: ${number(total(cores))} cores`).join('. ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>Cores that each recorded peak needs</title>`,
    `<desc>${escaped(said)}.</desc>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...legend,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}
