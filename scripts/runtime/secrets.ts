/** Passwords and keys of an embedded installation, made at random on its first start and kept in its data folder. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readJson, stringEntries, writeJson } from './home';

/** The secret of that name in `<home>/secrets.json` (mode 0600), made when it is missing: 32 random bytes. */
export function secret(home: string, name: string, make: () => string = randomText): string {
  const file = path.join(home, 'secrets.json');
  const secrets = stringEntries(readJson(file));
  const known = secrets[name];
  if (known !== undefined) return known;
  const made = make();
  writeJson(file, { ...secrets, [name]: made });
  return made;
}

function randomText(): string {
  return randomBytes(32).toString('base64url');
}
