/** What a benchmark is, and how the chosen ones are run one after another. */
import { PlainFailure } from '../runtime/failure';
import { judged, type Measured, type Result } from './report';

/** One subject of `npm run bench`; it starts what it needs and ends it again. */
export interface Benchmark {
  /** What `--only` takes. */
  readonly name: string;
  /** What it measures, in a sentence. */
  readonly about: string;
  /** Measures. `say` tells what is going on now; it may be called as often as wished. */
  run(say: (progress: string) => void): Promise<readonly Measured[]>;
}

/** The benchmarks that `only` names, all of them for none. Throws `PlainFailure` for a name that there is not. */
export function chosen(benchmarks: readonly Benchmark[], only: readonly string[]): readonly Benchmark[] {
  const unknown = only.find((name) => benchmarks.every((benchmark) => benchmark.name !== name));
  if (unknown !== undefined) {
    const names = benchmarks.map(({ name }) => name).join(', ');
    throw new PlainFailure(`There is no benchmark "${unknown}"; there are ${names}.`);
  }
  return only.length === 0 ? benchmarks : benchmarks.filter(({ name }) => only.includes(name));
}

/** Runs them in order. One that breaks off counts as a missed target, and the next ones still run. */
export async function runAll(
  benchmarks: readonly Benchmark[],
  say: (progress: string) => void,
  tell: (line: string) => void,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const benchmark of benchmarks) {
    try {
      const measured = await benchmark.run((progress) => say(`${benchmark.name}: ${progress}`));
      results.push(...measured.map(judged));
    } catch (error) {
      tell(
        `${benchmark.name} broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      results.push(
        judged({ name: `${benchmark.name}.broke-off`, value: 1, unit: 'count', better: 'lower', target: 0 }),
      );
    }
  }
  return results;
}
