/** Documentation that can be wrong is tested: links, commands, settings and words. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { settingDescriptions } from '../../config/settings';

const root = path.resolve(__dirname, '../..');
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...markdownBelow('docs'),
  ...markdownBelow('card-bridge'),
];

function markdownBelow(folder: string): string[] {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));
}

function textOf(page: string): string {
  return readFileSync(path.join(root, page), 'utf8');
}

describe('every page of the documentation', () => {
  test.each(pages)('%s links only to what exists', (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, target]) => target ?? '',
    );
    const broken = links.filter(
      (target) => !/^[a-z]+:/.test(target) && !existsSync(path.join(root, path.dirname(page), target)),
    );
    expect(broken).toEqual([]);
  });

  test.each(pages)('%s names only npm scripts that exist', (page) => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...textOf(page).matchAll(/npm (?:run ([a-z-]+)|(start|test)\b)/g)].map(
      ([, run, short]) => run ?? short ?? '',
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test.each(pages)('%s names only folders of ours that exist', (page) => {
    const named = [
      ...textOf(page).matchAll(
        /`((?:domain|ledger|workflows|api|web|workers|activities|gateways|card-bridge|config|scripts|test)\/[\w./-]*)`/g,
      ),
    ].map(([, name]) => name ?? '');
    const missing = named.filter(
      (name) => !existsSync(path.join(root, name)) && !existsSync(path.join(root, `${name}.ts`)),
    );
    expect(missing).toEqual([]);
  });
});

test('every decision has its number, in its name as in its title, and stands in their list', () => {
  const decisions = markdownBelow('docs/decisions').filter((page) => path.basename(page) !== 'README.md');
  const list = textOf('docs/decisions/README.md');
  const numbers = decisions.map((page) => Number(path.basename(page).slice(0, 4)));
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const [index, page] of decisions.entries()) {
    const [, title] = /^# \d+\. (.+)/.exec(textOf(page)) ?? [];
    expect(textOf(page)).toMatch(new RegExp(`^# ${numbers[index]}\\. `));
    expect(list).toContain(`${numbers[index]}. [${title}](${path.basename(page)}): `);
  }
});

test('the operations page explains every setting', () => {
  const operations = textOf('docs/operations.md');
  expect(
    settingDescriptions.map(({ name }) => name).filter((name) => !operations.includes(`\`${name}\``)),
  ).toEqual([]);
});

test('every metric that the operations page names is one that a process serves', () => {
  const named = [
    ...textOf('docs/operations.md').matchAll(/`((?:yiyue|texts|text|relay|temporal)_[a-z_]+)`/g),
  ].flatMap(([, name]) => (name === undefined ? [] : [name]));
  expect(named.length).toBeGreaterThanOrEqual(5);
  const sources = ['api', 'workers', 'activities']
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => textOf(path.join(folder, file))),
    )
    .join('\n');
  // The engine's SDK puts its own word before the names of our gauges.
  expect(named.filter((name) => !sources.includes(`'${name.replace(/^temporal_/, '')}'`))).toEqual([]);
});

test('every identifier of the glossary is used in the code', () => {
  const identifiers = [...textOf('docs/glossary.md').matchAll(/\| `(\w+)`\s*\|$/gm)].map(
    ([, name]) => name ?? '',
  );
  expect(identifiers.length).toBeGreaterThan(20);
  const code = ['domain', 'ledger', 'workflows', 'api', 'web']
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => textOf(path.join(folder, name))),
    )
    .join('\n')
    .toLowerCase();
  expect(identifiers.filter((identifier) => !code.includes(identifier.toLowerCase()))).toEqual([]);
});
