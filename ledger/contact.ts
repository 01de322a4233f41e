/** Contacts: a mobile as it was given once, for one registration or one appointment; never changed afterwards. */
import { randomUUID } from 'node:crypto';

import type { Mobile } from '../domain/person-number/mobile';
import type { TextLanguage } from '../domain/text-message/templates';
import type { LedgerTx } from './database';
import { seal, unseal, type LedgerKeys } from './encryption';

/** Keeps a mobile, sealed for its own row, and answers its `contact_id`. */
export async function addContact(
  tx: LedgerTx,
  keys: LedgerKeys,
  personKey: string,
  mobile: Mobile,
  language: TextLanguage,
): Promise<string> {
  const contactId = randomUUID();
  await tx
    .insertInto('contact')
    .values({
      contact_id: contactId,
      person_key: personKey,
      mobile_cipher: seal(keys, contactId, mobile),
      language,
    })
    .execute();
  return contactId;
}

/** The mobile of a `contact` row. Throws when the row was tampered with or its key is unknown. */
export function openMobile(
  keys: LedgerKeys,
  contact: { readonly contact_id: string; readonly mobile_cipher: Buffer },
): string {
  return unseal(keys, contact.contact_id, contact.mobile_cipher);
}
