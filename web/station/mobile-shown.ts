/** A mobile that is on record, in a field to be filled in: its owner finds it there, staff or family of an elder do not. */
import type { FastifyRequest } from 'fastify';

export interface MobileShown {
  readonly value: string;
  /** What staff read instead: the number masked, to be said by the caller and typed anew. */
  readonly kept?: string;
}

export function mobileShown(mobile: string | undefined, request: FastifyRequest): MobileShown {
  const { t, maskedMobile } = request.words;
  const { station, actingFor } = request.citizen ?? {};
  if (mobile !== undefined && mobile !== '') {
    if (station?.assistedBy) return { value: '', kept: t.station.mobileKept(maskedMobile(mobile)) };
    if (actingFor?.kind === 'elder') return { value: '', kept: t.family.mobileKept(maskedMobile(mobile)) };
  }
  return { value: mobile ?? '' };
}
