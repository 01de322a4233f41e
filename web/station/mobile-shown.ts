/**
 * A mobile that is on record, as a page shows it to whom: its owner finds it in full where it is to be looked over or
 * filled in, staff or family of an elder see it masked, whatever the page.
 */
import type { FastifyRequest } from 'fastify';

export interface MobileShown {
  readonly value: string;
  /** What they read instead: the number masked, to be said by its owner and typed anew. */
  readonly kept?: string;
}

/** Does somebody else sit there, to whom the number is not shown? Parents know their child's: it is mostly theirs. */
function keptFrom({ citizen }: FastifyRequest): 'station' | 'family' | undefined {
  if (citizen?.station?.assistedBy) return 'station';
  return citizen?.actingFor?.kind === 'elder' ? 'family' : undefined;
}

/** In a field to be filled in. */
export function mobileShown(mobile: string | undefined, request: FastifyRequest): MobileShown {
  const kept = keptFrom(request);
  if (mobile === undefined || mobile === '' || kept === undefined) return { value: mobile ?? '' };
  const { t, maskedMobile } = request.words;
  return { value: '', kept: t[kept].mobileKept(maskedMobile(mobile)) };
}

/** The same for a form that repeats what was just typed, if anything was. */
export function mobileInField(typed: string, onRecord: string | undefined, request: FastifyRequest) {
  const { value, kept } = typed === '' ? mobileShown(onRecord, request) : { value: typed, kept: undefined };
  return { mobileValue: value, mobileKept: kept };
}

/**
 * Among answers that are repeated before they count. What stays as it is on record comes back as nothing from who may
 * not see it: it stands neither on their page nor in it.
 */
export function mobileRepeated(mobile: string, onRecord: string | undefined, request: FastifyRequest) {
  const { words } = request;
  const stays = mobile === onRecord && keptFrom(request) !== undefined;
  return stays
    ? { shown: words.maskedMobile(mobile), sent: '' }
    : { shown: words.mobile(mobile), sent: mobile };
}

/** The mobile that such answers came back with. */
export function mobileOfAnswers(sent: string, onRecord: string | undefined, request: FastifyRequest): string {
  return sent === '' && keptFrom(request) !== undefined ? (onRecord ?? '') : sent;
}
