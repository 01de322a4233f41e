import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readCsvLines } from './csv-file';
import { ProblemList, problemLine } from './problem';

const file = 'lines.csv';

async function read(
  content: string | Buffer,
): Promise<{ lines: unknown[]; problems: string[]; bytes: number }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'yiyue-csv-'));
  try {
    await writeFile(path.join(folder, file), content);
    const problems = new ProblemList();
    const lines: unknown[] = [];
    let bytes = 0;
    const csv = { folder, file, required: ['a', 'b'], optional: ['note'], manyLines: ['note'] };
    for await (const line of readCsvLines(csv, problems, (count) => (bytes += count))) {
      lines.push([line.line, line.field('a'), line.field('b')]);
    }
    return { lines, problems: problems.list().map(problemLine), bytes };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('reading a CSV file', () => {
  test.each([
    ['line feeds', '\n'],
    ['carriage returns with line feeds', '\r\n'],
    ['carriage returns', '\r'],
  ])('lines that end in %s are counted alike, those inside quotes too', async (_what, end) => {
    const content = ['a,b,note', '1,2,"x', 'y"', '', '3,4,', '5', '6,7,8'].map((line) => line + end).join('');
    expect(await read(content)).toMatchObject({
      lines: [
        [2, '1', '2'],
        [5, '3', '4'],
        [7, '6', '7'],
      ],
      problems: ['lines.csv:6: has 1 fields where the heading has 3'],
    });
  });

  test('a line end that falls between two blocks of the file is still one', async () => {
    const long = 'x'.repeat(64 * 1024 - 'a,b\r\n1,'.length - 1);
    const { lines, problems } = await read(`a,b\r\n1,${long}\r\n2,3\r\n`);
    expect(lines.map((line) => String(line).slice(0, 5))).toEqual(['2,1,x', '3,2,3']);
    expect(problems).toEqual([]);
  });

  test('the columns may stand in any order, with a byte order mark and capitals', async () => {
    expect((await read('\uFEFFB, A \r\n2,1')).lines).toEqual([[2, '1', '2']]);
  });

  test.each([
    ['an empty file', '', ['lines.csv: is empty: not even a heading stands in it']],
    [
      'a wrong heading',
      'a,c,c\n1,2,3',
      [
        'lines.csv:1 b: this column is missing from the heading',
        'lines.csv:1 c: is no column of this file; it has a, b, note',
        'lines.csv:1 c: this column stands twice in the heading',
      ],
    ],
    ['text over two lines', 'a,b\n1,"2\n3"', ['lines.csv:2 b: runs over more than one line']],
    [
      'a character that PostgreSQL cannot hold',
      'a,b\n1,\u0000',
      ['lines.csv:2 b: holds a control character'],
    ],
    [
      'another encoding',
      Buffer.from('612c620a312caabe', 'hex'),
      ['lines.csv:2 b: is not written in UTF-8: save the file as CSV UTF-8'],
    ],
    [
      'stray quotation marks',
      'a,b\n1,2\n3,x"y\n4,"p"q\n5,6\n',
      [
        'lines.csv:3: a quotation mark stands inside a field that is not quoted',
        'lines.csv:4: a quotation mark inside a quoted field must be doubled; nothing from here on was read',
      ],
    ],
    [
      'an open quotation mark',
      'a,b\n1,"2\n3,4\n5,6\n',
      ['lines.csv:2: a quotation mark is opened here and not closed again; nothing from here on was read'],
    ],
    [
      'an open quotation mark in a long file',
      `a,b\n1,2\n1,"${'x\n'.repeat(200_000)}`,
      ['lines.csv:3: a quotation mark is opened here and not closed again; nothing from here on was read'],
    ],
  ])('%s is told', async (_what, content, expected) => {
    expect((await read(content)).problems).toEqual(expected);
  });

  test('a file that is not there throws what the system says', async () => {
    const reading = readCsvLines(
      { folder: os.tmpdir(), file: 'no-such.csv', required: [] },
      new ProblemList(),
      () => 0,
    );
    await expect(reading.next()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
