/*
 * Writes what a certificate card holds onto the card of software that SOFTHSM2_CONF names. Standard input: `{module,
 * pin, contents: [{certificate, keyId, jwk}]}`, bytes in hexadecimal. A process of its own, since the module reads its
 * settings once.
 */
const { readFileSync } = require('node:fs');
const pkcs11 = require('pkcs11js');

const { module: file, pin, contents } = JSON.parse(readFileSync(0, 'utf8'));
const bytes = (base64url) => Buffer.from(base64url, 'base64url');
const is = (type, value) => ({ type, value });
/** The name of P-256. */
const p256 = Buffer.from('06082a8648ce3d030107', 'hex');

function keyOf(jwk) {
  if (jwk.kty !== 'RSA') {
    return [
      is(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_EC),
      is(pkcs11.CKA_EC_PARAMS, p256),
      is(pkcs11.CKA_VALUE, bytes(jwk.d)),
    ];
  }
  return [
    is(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA),
    is(pkcs11.CKA_MODULUS, bytes(jwk.n)),
    is(pkcs11.CKA_PUBLIC_EXPONENT, bytes(jwk.e)),
    is(pkcs11.CKA_PRIVATE_EXPONENT, bytes(jwk.d)),
    is(pkcs11.CKA_PRIME_1, bytes(jwk.p)),
    is(pkcs11.CKA_PRIME_2, bytes(jwk.q)),
    is(pkcs11.CKA_EXPONENT_1, bytes(jwk.dp)),
    is(pkcs11.CKA_EXPONENT_2, bytes(jwk.dq)),
    is(pkcs11.CKA_COEFFICIENT, bytes(jwk.qi)),
  ];
}

const token = new pkcs11.PKCS11();
token.load(file);
token.C_Initialize();
const isMade = (slot) => (token.C_GetTokenInfo(slot).flags & pkcs11.CKF_TOKEN_INITIALIZED) !== 0;
const session = token.C_OpenSession(
  token.C_GetSlotList(true).find(isMade),
  pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION,
);
token.C_Login(session, pkcs11.CKU_USER, pin);
for (const { certificate, keyId, jwk } of contents) {
  const named = [is(pkcs11.CKA_TOKEN, true), is(pkcs11.CKA_ID, Buffer.from(keyId, 'hex'))];
  token.C_CreateObject(session, [
    ...named,
    is(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE),
    is(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509),
    is(pkcs11.CKA_PRIVATE, false),
    is(pkcs11.CKA_SUBJECT, Buffer.from('3000', 'hex')),
    is(pkcs11.CKA_VALUE, Buffer.from(certificate, 'hex')),
  ]);
  token.C_CreateObject(session, [
    ...named,
    is(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY),
    ...keyOf(jwk),
    is(pkcs11.CKA_PRIVATE, true),
    is(pkcs11.CKA_SENSITIVE, true),
    is(pkcs11.CKA_SIGN, true),
  ]);
}
token.C_Finalize();
token.close();
