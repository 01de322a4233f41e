/** `npm run capacity`: works out the tables and the picture of `docs/capacity.md` anew from the figures beside it. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { projectRoot } from '../config/project-root';
import { costsOf, type MeasuredFigure } from './capacity/costs';
import { filledPage, picture } from './capacity/page';
import { failWith } from './runtime/failure';

try {
  const file = (name: string) => path.join(projectRoot, 'docs', name);
  const { results } = JSON.parse(readFileSync(file('capacity/measured.json'), 'utf8')) as {
    results: readonly MeasuredFigure[];
  };
  const costs = costsOf(results);
  writeFileSync(file('capacity.md'), filledPage(readFileSync(file('capacity.md'), 'utf8'), costs));
  writeFileSync(file('pictures/capacity.svg'), picture(costs));
  process.stdout.write('docs/capacity.md and its picture follow docs/capacity/measured.json.\n');
} catch (error) {
  failWith(error);
}
