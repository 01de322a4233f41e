/** Signatures of a certificate card: what sites may ask, and the bridge's own page on which the PIN is typed. */
import type { Caller } from '../door';
import type { PlainWords } from '../words';
import { signWithCertificate } from './certificate-signing';
import type { CertificateToken } from './certificate-token';
import { tokenProblemWords } from './certificate-words';
import type { PendingSigning, PendingSignings } from './pending-signings';
import { signedPage, signingOverPage, signingPage } from './signing-page';

export interface SigningParts {
  readonly token: CertificateToken;
  readonly signings: PendingSignings;
  readonly log: (event: string, facts?: Readonly<Record<string, string | number>>) => void;
}

type Site = Extract<Caller, { origin: string }>;

/** A challenge of a site, as its API issued it. */
export interface SigningChallenge {
  readonly challengeId: string;
  readonly nonce: string;
  readonly purpose: 'sign-in' | 'card-account' | 'device-code';
  readonly bridgeId: string;
}

const cancelled: PlainWords = {
  zh: '您沒有簽章。需要時可以再按一次。',
  en: 'You did not sign. Press the button again when you want to.',
};

/** Is a certificate card in? No PIN is asked, and nothing of its owner is told. */
export async function certificateCardFor({ token }: SigningParts) {
  const found = await token.look();
  return found.ok
    ? { ready: true, reader: found.value.reader }
    : { ready: false, problem: found.problem, words: tokenProblemWords[found.problem] };
}

/** Takes up a wish of the site that asks; `undefined` when too many are open. */
export function openSigning({ signings }: SigningParts, { origin }: Site, challenge: SigningChallenge) {
  const opened = signings.open({ ...challenge, origin });
  return opened && { signingId: opened.id, page: `/sign/${opened.id}` };
}

/** What came of it so far: `waiting`, the proof, or why there is none. `undefined` for another site's, and when over. */
export function signingFor({ signings }: SigningParts, { origin }: Site, id: string) {
  const signing = signings.take(id, origin);
  if (!signing) return undefined;
  const { outcome } = signing;
  if (outcome === undefined) return { state: 'waiting' as const };
  if (outcome === 'cancelled') return { state: 'ended' as const, problem: outcome, words: cancelled };
  if (typeof outcome === 'string') {
    return { state: 'ended' as const, problem: outcome, words: tokenProblemWords[outcome] };
  }
  return { state: 'signed' as const, proof: outcome };
}

export interface PageAnswer {
  readonly status: number;
  readonly text: string;
}

const over: PageAnswer = { status: 404, text: signingOverPage() };

/** The page as it is opened: says at once when there is no card to type a PIN for. */
export async function showSigning(parts: SigningParts, id: string): Promise<PageAnswer> {
  const signing = parts.signings.find(id);
  if (!signing || signing.outcome !== undefined) return over;
  const found = await parts.token.look();
  const form = formOf(signing);
  return found.ok
    ? { status: 200, text: signingPage({ ...form, lastTry: found.value.lastTry, asksForPin: true }) }
    : {
        status: 200,
        text: signingPage({
          ...form,
          ...{ problem: tokenProblemWords[found.problem], lastTry: false, asksForPin: false },
        }),
      };
}

/** What was typed or pressed. A locked card ends it; after anything else the person may try again. */
export async function submitSigning(
  parts: SigningParts,
  id: string,
  form: URLSearchParams,
): Promise<PageAnswer> {
  const signing = parts.signings.find(id);
  if (!signing || signing.outcome !== undefined) return over;
  if (form.get('act') === 'cancel') {
    signing.outcome = 'cancelled';
    return { ...over, status: 200 };
  }
  const signed = await signWithCertificate(parts.token, form.get('pin') ?? '', signing.wish);
  if (signed.ok) {
    parts.log('signed');
    signing.outcome = signed.value;
    return { status: 200, text: signedPage() };
  }
  const { problem } = signed;
  parts.log('not signed', { problem });
  if (problem === 'pinLocked') signing.outcome = problem;
  const text = signingPage({
    ...formOf(signing),
    ...{ problem: tokenProblemWords[problem], lastTry: problem === 'pinLastTry' },
    asksForPin: ['pinMalformed', 'pinWrong', 'pinLastTry', 'tokenPulled', 'tokenFailed'].includes(problem),
  });
  return { status: 422, text };
}

function formOf({ id, wish }: PendingSigning) {
  return { id, origin: wish.origin, purpose: wish.purpose };
}
