/**
 * The folder of the project, the same one for sources and for the compiled tree in `dist/`.
 *
 * The compiler copies no templates, styles or data files: whatever is not TypeScript is read from its
 * place under this folder, so a program finds it whether it runs compiled or under the tests.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Absolute path of the folder that holds `package.json`. */
export const projectRoot: string = folderWithPackageJson(__dirname);

function folderWithPackageJson(start: string): string {
  let folder = start;
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`No package.json stands above ${start}.`);
    folder = parent;
  }
  return folder;
}
