/** What the bridge and its PKCS#11 process say to each other; one question a process. Bytes are hexadecimal. */
import type { TokenProblem } from './certificate-token';

export type Pkcs11Question =
  | { readonly act: 'look'; readonly module: string }
  | {
      readonly act: 'sign';
      readonly module: string;
      readonly slot: string;
      /** By either of these the key of a certificate is known: vendors differ in what they give both of. */
      readonly keyId: string;
      /** RSA modulus of the certificate's key; empty for other keys. */
      readonly modulus: string;
      readonly pin: string;
      readonly text: string;
    };

/** One card and the certificates that it shows to anybody. */
export interface TokenFound {
  readonly slot: string;
  readonly reader: string;
  readonly lastTry: boolean;
  readonly locked: boolean;
  readonly certificates: readonly { readonly keyId: string; readonly der: string }[];
}

export type Pkcs11Reply =
  | { readonly tokens: readonly TokenFound[] }
  | { readonly signature: string }
  | { readonly problem: TokenProblem };
