/** Taiwanese mobile numbers in the two forms that gateways want. */

const nationalForm = /^09\d{8}$/;
const internationalForm = /^8869\d{8}$/;

/** Whether the number has the national form of a Taiwanese mobile: `09` and eight digits. */
export function isMobile(mobile: string): boolean {
  return nationalForm.test(mobile);
}

/** `0912345678` as `886912345678`: SMPP addresses carry no plus sign, the type of number says it. */
export function toInternational(mobile: string): string | undefined {
  return isMobile(mobile) ? `886${mobile.slice(1)}` : undefined;
}

/** `886912345678` or `+886912345678` as `0912345678`; undefined for any other number. */
export function toNational(address: string): string | undefined {
  const digits = address.startsWith('+') ? address.slice(1) : address;
  return internationalForm.test(digits) ? `0${digits.slice(3)}` : undefined;
}
