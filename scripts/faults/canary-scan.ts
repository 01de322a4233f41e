/** Looks for personal values in bytes, in every dress in which they could have slipped in. */

/** A find: which canary, in which dress, where. */
export interface CanaryFind {
  readonly canary: string;
  readonly where: string;
}

/** Base64 within base64, as a payload within an encoded message is. */
const deepest = 3;
/** Shorter runs are words and numbers of every text. */
const encodedRun = /[A-Za-z0-9+/_-]{12,}={0,2}/g;
/** A run may begin with characters that do not belong to it; one of four cuts falls on its true beginning. */
const cuts = [0, 1, 2, 3];

/** Finds the canaries in `bytes`, as they are or encoded; `where` names the place in the answer. */
export function findCanaries(
  canaries: Readonly<Record<string, string>>,
  bytes: Buffer,
  where: string,
): readonly CanaryFind[] {
  const needles = Object.entries(canaries).map(([canary, value]) => ({ canary, forms: formsOf(value) }));
  const found = new Set<string>();
  look(bytes, deepest);
  return [...found].map((canary) => ({ canary, where }));

  function look(part: Buffer, depth: number): void {
    for (const { canary, forms } of needles) {
      if (!found.has(canary) && forms.some((form) => part.includes(form))) found.add(canary);
    }
    if (depth === 0 || found.size === needles.length) return;
    for (const [run] of part.toString('latin1').matchAll(encodedRun)) {
      for (const cut of cuts) {
        const decoded = Buffer.from(run.slice(cut), 'base64');
        // An aligned run decodes to text; what does not is looked at for the bytes only.
        look(decoded, cut === 0 ? depth - 1 : 0);
      }
    }
  }
}

/** Every way in which a value may stand in a text: forms of Unicode, of JSON and URLs, letters great and small, UTF-16. */
function formsOf(value: string): readonly Buffer[] {
  // A mobile also stands as +886…, so the zero in front does not count.
  const core = value.replace(/^0(?=9\d{8}$)/, '');
  const texts = [core, core.normalize('NFKC'), fullWidth(core), spaced(core)].flatMap((text) => [
    text,
    text.toLowerCase(),
    encodeURIComponent(text),
    escaped(text),
  ]);
  const forms = [...new Set(texts)].flatMap((text) => [
    Buffer.from(text, 'utf8'),
    Buffer.from(text, 'utf16le'),
    Buffer.from(text, 'utf16le').swap16(),
    Buffer.from(Buffer.from(text, 'utf8').toString('hex')),
  ]);
  return forms;
}

/** `A1` → `Ａ１`. */
function fullWidth(text: string): string {
  return text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}

/** `990012345678` → `9900 1234 5678`, as cards show it. */
function spaced(text: string): string {
  return /^\d{12}$/.test(text) ? text.replace(/\d{4}(?=\d)/g, '$& ') : text;
}

function escaped(text: string): string {
  return text.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
