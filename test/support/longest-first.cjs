/**
 * The order of a run: the files that take longest first, so that the workers end together. How long each takes is
 * learnt from the runs before on this machine, whatever clone they ran in; a machine's first run goes by the list
 * beside this file, in seconds on two cores. Any other file is quick, the larger ones rather less so.
 */
const Sequencer = require('@jest/test-sequencer').default;
const os = require('node:os');
const path = require('node:path');
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');

const listed = require('./durations.json');

/** Beside what the project keeps of its tools for all clones. */
const learntFile = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
  'yiyue',
  'test-durations.json',
);

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const seconds = { ...listed, ...learnt() };
    const weights = new Map(
      // Below whatever is known to take its time: no file has a megabyte.
      tests.map((test) => [test, seconds[nameOf(test)] ?? statSync(test.path).size / 1_000_000]),
    );
    return [...tests].sort((a, b) => weights.get(b) - weights.get(a));
  }

  cacheResults(tests, results) {
    super.cacheResults(tests, results);
    const byPath = new Map(tests.map((test) => [test.path, test]));
    const took = results.testResults
      .filter(
        ({ testFilePath, skipped, testExecError }) => byPath.has(testFilePath) && !skipped && !testExecError,
      )
      .map(({ testFilePath, perfStats }) => [
        nameOf(byPath.get(testFilePath)),
        Math.round((perfStats.end - perfStats.start) / 100) / 10,
      ]);
    remember({ ...learnt(), ...Object.fromEntries(took) });
  }
};

function nameOf({ path: file, context }) {
  return path.relative(context.config.rootDir, file).replaceAll(path.sep, '/');
}

function learnt() {
  try {
    return JSON.parse(readFileSync(learntFile, 'utf8'));
  } catch {
    return {};
  }
}

/** In one piece, since runs may end at the same time; where nothing can be kept, nothing is learnt. */
function remember(seconds) {
  const written = `${learntFile}.${process.pid}`;
  try {
    mkdirSync(path.dirname(learntFile), { recursive: true });
    writeFileSync(written, JSON.stringify(seconds));
    renameSync(written, learntFile);
  } catch {
    // The next run goes by the list.
  }
}
