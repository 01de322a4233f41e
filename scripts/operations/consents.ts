/** `operations consents …`: a file of guardians' consents, recorded or revoked line by line. */
import path from 'node:path';
import { readCsvLines } from '../import/csv-file';
import { LineFields } from '../import/line-fields';
import { problemLine, ProblemList } from '../import/problem';
import { PlainFailure, systemErrorCode } from '../runtime/failure';
import type { OperationsCommand, StaffCall } from './staff-call';

/** As many as one call takes. */
const batch = 500;

interface Line {
  readonly line: number;
  readonly consent: object;
}

export const consentCommands: readonly OperationsCommand[] = [
  {
    words: ['consents', 'record'],
    usage: 'FILE.csv   records consents: person_number, consented_on and, for one vaccine only, product',
    run: (call, args) =>
      sendFile(call, args, '/v1/staff/parental-consents', (fields) => ({
        personNumber: fields.text('person_number', 40),
        consentedOn: fields.date('consented_on'),
        product: productOf(fields),
      })),
  },
  {
    words: ['consents', 'revoke'],
    usage: 'FILE.csv   revokes consents: person_number and, for one vaccine only, product',
    run: (call, args) =>
      sendFile(call, args, '/v1/staff/parental-consents/revocations', (fields) => ({
        personNumber: fields.text('person_number', 40),
        product: productOf(fields),
      })),
  },
];

function productOf(fields: LineFields): string | null {
  if (fields.raw('product') === '') return null;
  return fields.code('product', /^[A-Za-z0-9-]{1,20}$/, 'a vaccine, or empty');
}

/** Answers that need someone to look at the line. */
const refusals: Readonly<Record<string, string>> = {
  personNumberInvalid: 'is no person number',
  productUnknown: 'names a vaccine that is not known here',
  dateInFuture: 'lies in the future',
  notFound: 'has no consent to revoke',
};

async function sendFile(
  call: StaffCall,
  [file, ...others]: readonly string[],
  address: string,
  read: (fields: LineFields) => object,
): Promise<string> {
  if (file === undefined || others.length > 0) throw new PlainFailure('Name one CSV file.');
  const lines = await linesOf(file, address.endsWith('revocations') ? [] : ['consented_on'], read);
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  for (let from = 0; from < lines.length; from += batch) {
    const some = lines.slice(from, from + batch);
    const { answers } = (await call('POST', address, {
      consents: some.map(({ consent }) => consent),
    })) as { answers: readonly string[] };
    for (const [index, answer] of answers.entries()) {
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
      const reason = refusals[answer];
      // The line is named by its place: what stands in it is personal.
      if (reason !== undefined) wrong.push(`${path.basename(file)}:${String(some[index]?.line)} ${reason}`);
    }
  }
  const summary = [...counts].map(([answer, count]) => `${answer}: ${String(count)}`).join(', ');
  return [...wrong, summary === '' ? 'The file has no lines.' : summary].join('\n');
}

async function linesOf(
  file: string,
  more: readonly string[],
  read: (fields: LineFields) => object,
): Promise<readonly Line[]> {
  const problems = new ProblemList();
  const csv = {
    folder: path.dirname(file),
    file: path.basename(file),
    required: ['person_number', ...more],
    optional: ['product'],
  };
  const lines: Line[] = [];
  try {
    for await (const source of readCsvLines(csv, problems, () => undefined)) {
      lines.push({ line: source.line, consent: read(new LineFields(csv.file, source, problems)) });
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw new PlainFailure(`There is no file ${file}.`);
    throw error;
  }
  // Nothing is sent of a file that is wrong in itself: it is mended and sent again whole.
  if (problems.count > 0) throw new PlainFailure(problems.list().map(problemLine).join('\n'));
  return lines;
}
