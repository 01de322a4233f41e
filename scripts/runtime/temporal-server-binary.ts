/** The programs of the PostgreSQL-backed Temporal server, built once on a machine from the pinned Go module. */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import { buildWithGo } from './go-build';
import { onlyOneOnThisMachine } from './machine-lock';
import { cacheFolder, usable } from './temporal-binary';

const version = '1.31.2';
const source = 'go.temporal.io/server/cmd';
/** Packages that `go install -v` names on its way, for the progress line. */
const packagesToBuild = 1_500;

/** Paths of programs that run here. */
export interface TemporalServerPrograms {
  readonly server: string;
  /** Makes and updates the schemas, which it carries itself. */
  readonly schema: string;
}

/** Finds the programs in the cache of this machine or builds them (some minutes). Throws a PlainFailure without Go. */
export async function temporalServerPrograms(
  say: (progress: string) => void,
): Promise<TemporalServerPrograms> {
  const folder = cacheFolder();
  const programs = {
    server: path.join(folder, `temporal-server-${version}`),
    schema: path.join(folder, `temporal-sql-${version}`),
  };
  const ready = async () =>
    (await usable(programs.server)) !== undefined && (await usable(programs.schema)) !== undefined;
  if (await ready()) return programs;
  await mkdir(folder, { recursive: true });
  await onlyOneOnThisMachine(`${programs.server}.lock`, say, async () => {
    if (await ready()) return;
    const workFolder = await mkdtemp(path.join(folder, 'making-'));
    try {
      await buildWithGo({
        args: [
          ...['install', '-v', '-ldflags', '-s -w'],
          ...[`${source}/server@v${version}`, `${source}/tools/sql@v${version}`],
        ],
        environment: { GOBIN: workFolder },
        packages: packagesToBuild,
        progress: 'Building the Temporal server from its source, once on this machine (some minutes)',
        noGo: 'Measuring the engine needs a Temporal server on PostgreSQL, which is built with Go: install Go.',
        failed: 'The Temporal server could not be built.',
        say,
      });
      await rename(path.join(workFolder, 'sql'), programs.schema);
      await rename(path.join(workFolder, 'server'), programs.server);
    } finally {
      await rm(workFolder, { recursive: true, force: true });
    }
  });
  return programs;
}
