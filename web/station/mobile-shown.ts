/** A mobile that is on record, in a field to be filled in: its owner finds it there, staff who act for them do not. */
import type { FastifyRequest } from 'fastify';

export interface MobileShown {
  readonly value: string;
  /** What staff read instead: the number masked, to be said by the caller and typed anew. */
  readonly kept?: string;
}

export function mobileShown(mobile: string | undefined, request: FastifyRequest): MobileShown {
  if (mobile === undefined || mobile === '' || !request.citizen?.station?.assistedBy) {
    return { value: mobile ?? '' };
  }
  const { t, maskedMobile } = request.words;
  return { value: '', kept: t.station.mobileKept(maskedMobile(mobile)) };
}
