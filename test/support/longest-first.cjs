/**
 * The order of a run: the files that take longest first, so that the workers end together. What takes long stands
 * below, in seconds on two cores, from the report of a run; any other file is quick, the larger ones rather less so.
 */
const Sequencer = require('@jest/test-sequencer').default;
const path = require('node:path');
const { statSync } = require('node:fs');

const seconds = require('./durations.json');

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const weights = new Map(tests.map((test) => [test, weightOf(test)]));
    return [...tests].sort((a, b) => weights.get(b) - weights.get(a));
  }
};

function weightOf({ path: file, context }) {
  const known = seconds[path.relative(context.config.rootDir, file).replaceAll(path.sep, '/')];
  // Below every known one: no file has a megabyte.
  return known ?? statSync(file).size / 1_000_000;
}
