/** Writes the demonstration set as files of the kind that a health authority has, one folder a round. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { taipeiDateOf, type Instant } from '../../domain/civil-time/plain-date';
import type { RoundFile } from '../import/round-file';
import { csvText } from './csv-text';
import { demonstrationRegistry } from './people';
import { personColumns, personRecord } from './person-record';
import { demonstrationRounds } from './rounds';
import {
  demonstrationSessions,
  demonstrationSites,
  demonstrationSupply,
  sessionColumns,
  siteColumns,
  supplyColumns,
} from './sites';

/**
 * Writes the set as it is at `now` below `folder`: `ranked/` (register now, be ranked within two hours) and
 * `eligible/` (book now), each with the five files of an import. The same `now` gives the same files.
 * Returns the paths of both folders.
 */
export async function generateDemonstrationSet(
  folder: string,
  { now }: { readonly now: Instant },
): Promise<string[]> {
  const sites = demonstrationSites();
  const people = csvText(personColumns, demonstrationRegistry(taipeiDateOf(now)).map(personRecord));
  const rounds: [string, RoundFile][] = Object.entries(demonstrationRounds(now));
  return Promise.all(
    rounds.map(async ([name, round], index) => {
      const files = {
        'round.json': `${JSON.stringify(round, null, 2)}\n`,
        'sites.csv': csvText(siteColumns, sites),
        'sessions.csv': csvText(sessionColumns, demonstrationSessions(sites, round, 100 + index)),
        'supply.csv': csvText(supplyColumns, demonstrationSupply(round, 200 + index)),
        'people.csv': people,
      };
      const into = path.join(folder, name);
      await mkdir(into, { recursive: true });
      for (const [file, content] of Object.entries(files)) await writeFile(path.join(into, file), content);
      return into;
    }),
  );
}
