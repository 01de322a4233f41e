/** Reads the import graph of the project, as far as it concerns our own folders. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../config/project-root';

/** One import between files of ours; paths are relative to the project with forward slashes. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** TypeScript sources under a folder of the project, tests left out unless asked for. */
export function sourcesUnder(folder: string, options: { tests: boolean } = { tests: false }): string[] {
  return readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .filter((name) => options.tests || !name.endsWith('.test.ts'))
    .sort();
}

/** The text of a file of the project. */
export function sourceOf(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}

/** Imports of other files of ours: static, re-exported, dynamic, required, and of types only. */
export function importsOf(file: string): Import[] {
  return specifiersOf(sourceOf(file))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ from: file, to: path.posix.join(path.posix.dirname(file), specifier) }));
}

/** Names of the packages (or `node:` modules) that a file imports. */
export function packagesOf(file: string): string[] {
  return specifiersOf(sourceOf(file)).filter((specifier) => !specifier.startsWith('.'));
}

function specifiersOf(source: string): string[] {
  const withoutComments = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const patterns = [
    /\b(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g,
  ];
  return patterns.flatMap((pattern) => [...withoutComments.matchAll(pattern)].map((match) => match[1] ?? ''));
}
