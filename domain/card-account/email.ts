/** E-mail addresses as people type them. */

declare const emailBrand: unique symbol;

/** An address that was normalised and has a form to which mail can be sent. */
export type Email = string & { readonly [emailBrand]: true };

/** RFC 5321: 64 before the at sign, 254 in all. */
const longest = 254;
/**
 * What mail systems in use take: no quoted local part, no address literal, a domain of two labels at least. It keeps
 * out what a mail header could be broken with (line ends, angle brackets, commas) by naming what may stand there.
 */
const form =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/i;

/** Reads an address; full-width characters and spaces at the ends are accepted. It never repeats what was typed. */
export function parseEmail(raw: string): { readonly email: Email } | { readonly refusal: 'emailWrong' } {
  const typed = raw.normalize('NFKC').trim();
  const at = typed.lastIndexOf('@');
  if (typed.length > longest || at > 64 || !form.test(typed)) return { refusal: 'emailWrong' };
  return { email: `${typed.slice(0, at)}@${typed.slice(at + 1).toLowerCase()}` as Email };
}

/** `jianguo@example.com` → `j******@example.com`: its owner knows it again, and who looks over a shoulder learns little. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}******${email.slice(at)}`;
}
