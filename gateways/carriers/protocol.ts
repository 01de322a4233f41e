/** The carriers' HTTP messages as schemas, by which the adapter checks answers and the simulator questions. */
import { Type, type Static } from 'typebox';

import { carrierRefusals } from './port';

/** Asked by POST, so that no number stands in an address or an access log. */
export const holderPath = '/v1/holder-confirmations';

export const holderRequest = Type.Object(
  {
    mobile: Type.String({ pattern: '^09\\d{8}$' }),
    personNumber: Type.String({ pattern: '^[A-Z][A-Z0-9]\\d{8}$' }),
    connectionAddress: Type.String({ minLength: 2, maxLength: 60, pattern: '^[0-9a-fA-F.:%a-z]+$' }),
  },
  { additionalProperties: false },
);

export const holderAnswer = Type.Union([
  Type.Object({ outcome: Type.Literal('confirmed') }),
  Type.Object({ outcome: Type.Literal('refused'), reason: Type.Enum([...carrierRefusals]) }),
]);

export type HolderRequest = Static<typeof holderRequest>;
export type HolderAnswerMessage = Static<typeof holderAnswer>;
