/** What is refused before any gateway is asked, the same for every protocol. */
import type { OutgoingSms, SendOutcome } from './port';
import { countSegments, type SegmentCount } from './segments';
import { isMobile } from './taiwan-mobile';

/** Far beyond any text of ours; a longer one is a mistake, and gateways cut or drop it each in their own way. */
const maxSegments = 20;

type Rejected = Extract<SendOutcome, { kind: 'rejected' }>;

/** Counts a text that can be submitted, or says why it never can. */
export function checkSubmission(message: OutgoingSms): ({ readonly kind: 'fit' } & SegmentCount) | Rejected {
  if (!isMobile(message.mobile)) {
    return never('invalidMobile');
  }
  const count = countSegments(message.body);
  if (count.segments === 0) {
    return never('emptyBody');
  }
  return count.segments > maxSegments ? never('bodyTooLong') : { kind: 'fit', ...count };
}

function never(code: string): Rejected {
  return { kind: 'rejected', code, permanent: true };
}
