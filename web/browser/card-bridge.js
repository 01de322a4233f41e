/* Speaks to the card bridge of this computer for our pages: how it stands, and one reading for one challenge of ours. */

/* A browser may ask its person whether this site may reach the local network: they read, think, and press. */
const patienceMs = 60_000;
const readingMs = 30_000;
/* The driver of certificate cards starts anew for each question. */
const signingMs = 45_000;

/** What the bridge or our API said no with; `code` names it, `words` are theirs to show. */
export class CardProblem extends Error {
  constructor(code, words) {
    super(code);
    this.code = code;
    this.words = words;
  }
}

async function ask(url, body, waitMs) {
  let answer;
  try {
    answer = await fetch(url, {
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(waitMs),
      cache: 'no-store',
    });
  } catch {
    throw new CardProblem('unreachable');
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return { said, date: answer.headers.get('date') };
  // The API's problems speak by `zh` and `en` of title and detail, the bridge's by `words`.
  const words = said.words ?? (said.zh && { zh: said.zh.detail, en: said.en.detail });
  throw new CardProblem(said.problem ?? said.code ?? 'unreachable', words);
}

/** The words of a problem in the language of the page. */
export function wordsOf(words) {
  return words?.[document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'] ?? '';
}

export function cardBridge(url) {
  return {
    status: async () => (await ask(`${url}/status`, undefined, patienceMs)).said,
    /** The bridge's id with us, and by how many seconds this computer's clock is ahead of ours. */
    async enrol() {
      const { said: wish } = await ask(`${url}/enrolment`, {}, patienceMs);
      const { said, date } = await ask('/v1/card-bridges', wish, readingMs);
      const skewSeconds = date ? Math.round((Date.now() - Date.parse(date)) / 1000) : 0;
      return { bridgeId: said.bridgeId, skewSeconds };
    },
    /** Reads the card that is in now; for one purpose, and good for one use. */
    async read(purpose) {
      const { bridgeId } = await this.enrol();
      const { said: challenge } = await ask('/v1/card-challenges', { bridgeId, purpose }, readingMs);
      const { challengeId, nonce } = challenge;
      return (await ask(`${url}/proofs`, { challengeId, nonce, purpose, bridgeId }, readingMs)).said;
    },
    /** Is a certificate card in, and can it sign? */
    certificateCard: async () => (await ask(`${url}/certificate-card`, undefined, signingMs)).said,
    /** Asks for a signature of the certificate card; the PIN is typed at `page`, which is the bridge's own. */
    async beginSigning(purpose) {
      const { bridgeId } = await this.enrol();
      const { said: challenge } = await ask('/v1/card-challenges', { bridgeId, purpose }, readingMs);
      const { challengeId, nonce } = challenge;
      const body = { challengeId, nonce, purpose, bridgeId };
      const { said: opened } = await ask(`${url}/signings`, body, readingMs);
      return { signingId: opened.signingId, page: `${url}${opened.page}` };
    },
    /** What came of it so far: `waiting`, `signed` with its proof, or `ended` with words. */
    signing: async (signingId) => (await ask(`${url}/signings/${signingId}`, undefined, readingMs)).said,
    /** Calls back with the readers' status at each change, and with `undefined` when the bridge is gone. */
    watch(changed) {
      const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/readers`);
      socket.addEventListener('message', ({ data }) => changed(JSON.parse(data)));
      socket.addEventListener('close', () => changed(undefined));
      return () => socket.close();
    },
  };
}
