/**
 * The folder of the project, the same one for sources and for the compiled tree in `dist/`.
 *
 * The compiler copies no templates, styles or data files: whatever is not TypeScript is read from its
 * place under this folder, so a program finds it whether it runs compiled or under the tests.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Absolute path of the folder that holds `node_modules`. */
export const projectRoot: string = folderWithPackages(__dirname);

/** Not the one with `package.json`: the compiler copies that into `dist/` when a source imports it. */
function folderWithPackages(start: string): string {
  let folder = start;
  while (!existsSync(path.join(folder, 'node_modules'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`No node_modules stand above ${start}.`);
    folder = parent;
  }
  return folder;
}
