/** Which folder may import which: the layers of docs/architecture.md, held by the import graph itself. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../config/project-root';
import { importsOf, packagesOf, sourceOf, sourcesUnder } from './imports';
import type { Import } from './imports';

/**
 * What each layer may import besides itself. `workflows/contracts` stands for the files of a workflow's folder
 * that say what it is called and needs, not how it works. The card bridge runs on a citizen's computer and takes
 * along only what it needs there.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  config: [],
  ledger: ['domain'],
  gateways: ['domain'],
  workflows: ['domain'],
  activities: ['domain', 'ledger', 'gateways', 'workflows/contracts'],
  workers: ['domain', 'activities', 'workflows', 'ledger', 'gateways', 'config'],
  api: ['domain', 'ledger', 'gateways', 'workflows/contracts', 'config', 'web'],
  web: ['domain', 'ledger', 'api', 'config'],
  'card-bridge': ['domain/card-proof', 'domain/civil-time', 'domain/person-number'],
};

const contractFiles = /^(messages|activities|[a-z-]*contract|search-attributes)$/;

function layerOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function isAllowed({ from, to }: Import): boolean {
  const [layer, target] = [layerOf(from), layerOf(to)];
  if (layer === target) return true;
  const allowed = mayImport[layer] ?? [];
  if (allowed.includes(target) || allowed.includes(to.split('/').slice(0, 2).join('/'))) return true;
  return (
    target === 'workflows' &&
    allowed.includes('workflows/contracts') &&
    contractFiles.test(path.posix.basename(to))
  );
}

const layers = Object.keys(mayImport).filter((layer) => existsSync(path.join(projectRoot, layer)));

describe('the layers', () => {
  test.each(layers)('%s imports only what it may', (layer) => {
    const wrong = sourcesUnder(layer)
      .flatMap(importsOf)
      .filter((one) => !isAllowed(one));
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('the check sees an import that is not allowed', () => {
    expect(isAllowed({ from: 'domain/round/round.ts', to: 'ledger/database' })).toBe(false);
    expect(isAllowed({ from: 'activities/citizen.ts', to: 'workflows/citizen/workflow' })).toBe(false);
    expect(isAllowed({ from: 'activities/citizen.ts', to: 'workflows/citizen/messages' })).toBe(true);
    expect(isAllowed({ from: 'card-bridge/server.ts', to: 'domain/booking/booking' })).toBe(false);
    expect(isAllowed({ from: 'card-bridge/server.ts', to: 'domain/card-proof/card-proof' })).toBe(true);
  });

  test('nothing of the product imports scripts or tests', () => {
    const wrong = layers
      .flatMap((layer) => sourcesUnder(layer))
      .flatMap(importsOf)
      .filter(({ to }) => ['scripts', 'test'].includes(layerOf(to)));
    expect(wrong).toEqual([]);
  });
});

/**
 * Packages that rules and workflows may use: none of them does I/O, reads a clock or the environment. OpenTelemetry's
 * API only hands on which trace one is in; what it answers is never decided on.
 */
const purePackages =
  /^(@opentelemetry\/api|@temporalio\/(workflow|common)|temporal-polyfill|taiwan-id-validator|sms-segments-calculator|pure-rand\/(distribution|generator)\/\w+)$/;

describe('rules and workflows give the same answer at every replay', () => {
  const files = ['domain', 'workflows'].flatMap((folder) => sourcesUnder(folder));

  test('they import only packages without I/O', () => {
    const wrong = files.flatMap((file) =>
      packagesOf(file)
        .filter((name) => !purePackages.test(name))
        .map((name) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the domain knows nothing of the engine', () => {
    const wrong = sourcesUnder('domain').filter((file) =>
      packagesOf(file).some((name) => name.startsWith('@temporalio/')),
    );
    expect(wrong).toEqual([]);
  });

  test('rules take the time of day as an argument', () => {
    const clock = /\bnew Date\(\s*\)|\bDate\.now\b|\bTemporal\.Now\b|\bperformance\.now\b/;
    expect(sourcesUnder('domain').filter((file) => clock.test(sourceOf(file)))).toEqual([]);
    expect(clock.test('const now = new Date();')).toBe(true);
  });

  test('workflows ask for it only where the engine replays the answer', () => {
    // The SDK puts its own Date into a workflow; the other clocks are the machine's.
    const clock = /\bTemporal\.Now\b|\bperformance\.now\b|\bunsafe\.now\b/;
    expect(sourcesUnder('workflows').filter((file) => clock.test(sourceOf(file)))).toEqual([]);
  });
});

describe('files', () => {
  const files = [...layers, 'scripts', 'test'].flatMap((folder) => sourcesUnder(folder, { tests: true }));

  test('are named by what they are', () => {
    const vague = /(^|[/-])(utils?|helpers?|common|misc|managers?)([/.-])/;
    expect(files.filter((file) => vague.test(file))).toEqual([]);
    expect(vague.test('ledger/date-utils.ts')).toBe(true);
  });

  test('have names in kebab-case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/;
    expect(files.filter((file) => !kebab.test(path.posix.basename(file)))).toEqual([]);
  });
});
