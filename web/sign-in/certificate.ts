/** Signing in with the Citizen Digital Certificate (自然人憑證): the card signs after its PIN, typed on the bridge's page. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Refusal } from '../../domain/refusal/refusals';
import { certificateProofIn, errorsOfProof } from '../card-reading';
import { field, personNumberError, type FormErrors } from '../forms';
import { errorsAbove } from '../refusals';
import { bridgeWayPage } from './bridge-way-page';

/** Registers `/sign-in/certificate`, where operations were given the authorities whose certificates count. */
export function certificatePage(app: FastifyInstance, { bridgeUrl }: { readonly bridgeUrl: string }): void {
  if (!app.certificateProofs.isOffered) return;
  bridgeWayPage(app, {
    ...{ method: 'certificate', way: 'certificate', template: 'sign-in/certificate.njk', bridgeUrl },
    title: ({ t }) => t.certificateSignIn.title,
    read(request) {
      const { t } = request.words;
      const proof = certificateProofIn(request);
      const personNumber = field(request, 'personNumber');
      return {
        found: {
          personNumber: personNumberError(personNumber, t),
          card: proof === undefined ? t.certificateSignIn.notSigned : undefined,
        },
        body: proof && { personNumber, certificateProof: proof },
      };
    },
    errorsOf,
  });
}

/** What another number, or another card, mends. */
function errorsOf(request: FastifyRequest, refusal: Refusal): FormErrors | undefined {
  switch (refusal.code) {
    case 'certificateOfOtherPerson':
      return errorsAbove(request, refusal, '#personNumber');
    case 'identityNotConfirmed': {
      const { refused, refusedDetail } = request.words.t.certificateSignIn;
      return { fieldErrors: {}, errors: [{ text: refused, detail: refusedDetail, href: '#personNumber' }] };
    }
    case 'certificateInvalid':
    case 'certificateNotForSigning':
      return errorsAbove(request, refusal, '#card');
    default:
      return errorsOfProof(request, refusal);
  }
}
