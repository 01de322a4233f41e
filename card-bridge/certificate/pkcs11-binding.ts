/**
 * As much of the `pkcs11js` package as we use. Its types and constants are written down here because the package is
 * optional: it is compiled at installation, and a computer without a compiler has everything but this.
 */

/** A slot, session or object of the module. */
export type Handle = Buffer;

/** An attribute as it is asked for, and as it is answered. */
export interface Attribute {
  readonly type: number;
  readonly value?: Buffer | number | boolean | string;
}

/** One loaded module; calls block, and throw errors whose `code` is the module's own. */
export interface Pkcs11 {
  load(file: string): void;
  close(): void;
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetSlotList(withToken: boolean): Handle[];
  C_GetSlotInfo(slot: Handle): { readonly slotDescription: string };
  C_GetTokenInfo(slot: Handle): { readonly flags: number };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, user: number, pin: string): void;
  C_Logout(session: Handle): void;
  C_FindObjectsInit(session: Handle, wanted: readonly Attribute[]): void;
  /** The next one, null after the last. */
  C_FindObjects(session: Handle): Handle | null;
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, asked: readonly Attribute[]): readonly Attribute[];
  C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void;
  /** Answers the part of `into` that was filled. */
  C_Sign(session: Handle, text: Buffer, into: Buffer): Buffer;
}

/** Source: PKCS#11 2.40. */
export const constants = {
  serialSession: 0x4,
  user: 1,
  classOf: 0x0,
  value: 0x11,
  keyType: 0x100,
  id: 0x102,
  modulus: 0x120,
  certificate: 1,
  privateKey: 3,
  ellipticCurve: 3,
  sha256RsaPkcs: 0x40,
  ecdsa: 0x1041,
} as const;

/** Loads the binding; throws where it is not installed. */
export function loadBinding(): Pkcs11 {
  // A plain import would be resolved before anybody could answer for its absence.
  const { PKCS11 } = require('pkcs11js') as { PKCS11: new () => Pkcs11 };
  return new PKCS11();
}

/** The code of an error that the module gave, -1 for any other. */
export function pkcs11CodeOf(error: unknown): number {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : -1;
}
