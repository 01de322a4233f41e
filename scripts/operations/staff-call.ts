/** What an operations command is, and how it calls the API: under the operator's key, with plain words for refusals. */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { readJson, stringEntries } from '../runtime/home';
import { PlainFailure } from '../runtime/failure';

export type StaffMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Calls e.g. `/v1/staff/closures`; resolves to the JSON answer. Throws `PlainFailure` with the problem's sentence. */
export interface StaffCall {
  (method: StaffMethod, path: string, body?: unknown): Promise<unknown>;
  /** Writes the answer to a GET into this file as it comes, however long it is. */
  save(path: string, file: string): Promise<void>;
}

/** One command: `words` choose it, the rest of the line is its own. */
export interface OperationsCommand {
  /** e.g. `['closures', 'preview']`. */
  readonly words: readonly string[];
  /** What stands after the words and what it does, e.g. `FILE   reads …`. */
  readonly usage: string;
  /** Resolves to what is printed. */
  run(call: StaffCall, args: readonly string[]): Promise<string>;
}

/** How long a call may take: a preview over millions of registrations takes its time. */
const callMs = 120_000;

/** The call for these settings: `OPERATOR_KEY`, and `YIYUE_URL` or the instance of `YIYUE_HOME`. */
function staffCallFor(environment: NodeJS.ProcessEnv): StaffCall {
  const key = environment['OPERATOR_KEY'];
  if (!key) {
    throw new PlainFailure(
      'OPERATOR_KEY is not set: it is the key that npm run operator -- enrol NAME showed.',
    );
  }
  return staffCall(addressFrom(environment), key);
}

/** Calls the API at `url` with this key. */
export function staffCall(url: string, key: string): StaffCall {
  const call = async (method: StaffMethod, address: string, body?: unknown) => {
    const answer = await ask(new URL(address, url), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'accept-language': 'en',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(callMs),
    });
    if (!answer.ok) throw new PlainFailure(sentenceOf(answer.status, await answer.text()));
    return answer;
  };
  return Object.assign(
    async (method: StaffMethod, address: string, body?: unknown): Promise<unknown> => {
      const text = await (await call(method, address, body)).text();
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    },
    {
      async save(address: string, file: string): Promise<void> {
        const answer = await call('GET', address);
        if (answer.body)
          await pipeline(Readable.fromWeb(answer.body as ReadableStream), createWriteStream(file));
      },
    },
  );
}

/** A call whose settings are read when it is first made: a command that calls nobody needs no key. */
export function lazyStaffCall(environment: NodeJS.ProcessEnv): StaffCall {
  return Object.assign(
    async (method: StaffMethod, address: string, body?: unknown) =>
      staffCallFor(environment)(method, address, body),
    { save: async (address: string, file: string) => staffCallFor(environment).save(address, file) },
  );
}

async function ask(address: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch {
    throw new PlainFailure(`${address.origin} does not answer: is it running, and is YIYUE_URL right?`);
  }
}

function addressFrom(environment: NodeJS.ProcessEnv): string {
  const given = environment['YIYUE_URL'];
  if (given) {
    if (!URL.canParse(given))
      throw new PlainFailure('YIYUE_URL is no address; it is e.g. http://127.0.0.1:8080.');
    return given;
  }
  const home = path.resolve(environment['YIYUE_HOME'] ?? '.yiyue');
  const { url } = stringEntries(readJson(path.join(home, 'run', 'pages.json')));
  if (url === undefined) {
    throw new PlainFailure(`Nothing has run on ${home} yet: give the API's address as YIYUE_URL.`);
  }
  return url;
}

/** The sentence of a problem document, with the fields that were wrong. */
function sentenceOf(status: number, text: string): string {
  const problem = problemIn(text);
  if (!problem) return `The API answered ${String(status)}.`;
  const fields = (problem.errors ?? []).map(({ pointer, en }) => `\n  ${pointer}: ${en}`).join('');
  return `${problem.title}. ${problem.detail} [${problem.code}]${fields}`;
}

interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly { readonly pointer: string; readonly en: string }[];
}

function problemIn(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Problem | null;
    return typeof value?.title === 'string' && typeof value.detail === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
