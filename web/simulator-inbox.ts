/** What a simulator has received in its inbox, for the pages of the demonstration. */

export interface InboxQuestion {
  /** `GET` with `after` (a sequence), `limit` and the filter gives `{messages}`, the oldest first. */
  readonly url: string;
  /** Only messages to this one; left out when undefined. */
  readonly filter: { readonly name: string; readonly value: string | undefined };
  /** The newest so many. */
  readonly shown: number;
}

interface AnswerCheck<Message> {
  Check(value: unknown): value is { messages: Message[] };
}

const timeoutMs = 2_000;
const pageSize = 1_000;
/** More than this many pages are not turned to reach the newest. */
const mostPages = 20;

/** The newest messages, newest first; `undefined` when the simulator does not answer. */
export async function readNewest<Message extends { readonly sequence: number }>(
  { url, filter, shown }: InboxQuestion,
  answer: AnswerCheck<Message>,
): Promise<readonly Message[] | undefined> {
  let newest: readonly Message[] = [];
  let after = 0;
  try {
    for (let page = 0; page < mostPages; page += 1) {
      const address = new URL(url);
      address.searchParams.set('after', String(after));
      address.searchParams.set('limit', String(pageSize));
      if (filter.value !== undefined) address.searchParams.set(filter.name, filter.value);
      const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs) });
      const body: unknown = await response.json();
      if (!response.ok || !answer.Check(body)) return undefined;
      newest = [...newest, ...body.messages].slice(-shown);
      after = body.messages.at(-1)?.sequence ?? after;
      if (body.messages.length < pageSize) break;
    }
    return newest.toReversed();
  } catch {
    return undefined;
  }
}
