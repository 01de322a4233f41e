import { readFileSync } from 'node:fs';
import path from 'node:path';
import { authorityFiles, inFolder } from '../../test/builders/authority-files';
import { sessionFile, siteFile, supplyFile } from './line-files';
import { personFile } from './person-file';
import { ProblemList } from './problem';
import { readRoundFile } from './round-file';

const text = readFileSync(path.join(__dirname, '../../docs/import.md'), 'utf8');

describe('docs/import.md', () => {
  test.each([siteFile, sessionFile, supplyFile, personFile])(
    'names exactly the columns of $file',
    (lineFile) => {
      const [section = ''] = (text.split(`## ${lineFile.file}\n`)[1] ?? '').split('\n## ');
      const firstCells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell);
      const named = firstCells.flatMap((cell) =>
        [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name),
      );
      expect([...named].sort()).toEqual([...lineFile.required, ...(lineFile.optional ?? [])].sort());
    },
  );

  test('shows a round that the import takes', async () => {
    const [, round = ''] = /```json\n([\s\S]+?)```/.exec(text) ?? [];
    const problems = new ProblemList();
    const read = await inFolder({ ...authorityFiles(), round }, (folder) => readRoundFile(folder, problems));
    expect(problems.list()).toEqual([]);
    expect(read?.roundId).toBe('autumn-2026');
  });
});
