/* How a phone is bound and proves itself: by its own unlock (WebAuthn), or by a key that this browser keeps and cannot hand out. */

const toBytes = (text) => {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
};

const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

/** What went wrong, in words for people where the server gave some. */
export class DeviceError extends Error {
  constructor(code, words) {
    super(code);
    this.code = code;
    this.words = words;
  }
}

async function post(address, body) {
  let answer;
  try {
    answer = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new DeviceError('offline');
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new DeviceError(said.code ?? 'failed', said[document.documentElement.lang === 'en' ? 'en' : 'zh']);
}

/** Has this phone an unlock of its own that a page may ask for? */
export async function hasUnlock() {
  if (!window.PublicKeyCredential || !window.isSecureContext) return false;
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false);
}

/* Keys of this browser, by the id of the bound device; what is stored of the person is the masked number alone. */
function openKeys() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('yiyue-devices', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('keys', { keyPath: 'publicKey' });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(new DeviceError('noStore'));
  });
}

async function inKeys(mode, act) {
  const database = await openKeys();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction('keys', mode);
      const request = act(transaction.objectStore('keys'));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(new DeviceError('noStore'));
      transaction.onerror = () => reject(new DeviceError('noStore'));
    });
  } finally {
    database.close();
  }
}

/** The people whose keys this browser keeps. */
export async function keysHere() {
  if (!window.isSecureContext || !window.indexedDB) return [];
  const all = await inKeys('readonly', (store) => store.getAll()).catch(() => []);
  return all.filter(({ boundDeviceId }) => boundDeviceId !== null);
}

/** The lines that a key signs; `domain/device-binding/key-statement.ts` writes the same. */
function statement(purpose, origin, challenge, subject) {
  return new TextEncoder().encode(['yiyue-device-key/1', purpose, origin, challenge, subject].join('\n'));
}

const sign = async (key, bytes) =>
  toText(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes));

async function asUnlocked(act) {
  try {
    return await act();
  } catch (error) {
    // The person said no, took too long, or this phone is bound already.
    throw new DeviceError(error.name === 'InvalidStateError' ? 'boundHere' : 'unlockRefused');
  }
}

async function newPasskey(question) {
  const { passkey } = question;
  const options = {
    ...passkey,
    challenge: toBytes(passkey.challenge),
    user: { ...passkey.user, id: toBytes(passkey.user.id) },
    excludeCredentials: (passkey.excludeCredentials ?? []).map((each) => ({ ...each, id: toBytes(each.id) })),
  };
  const made = await asUnlocked(() => navigator.credentials.create({ publicKey: options }));
  return {
    kind: 'passkey',
    id: toText(made.rawId),
    clientDataJSON: toText(made.response.clientDataJSON),
    attestationObject: toText(made.response.attestationObject),
    transports: made.response.getTransports?.().slice(0, 8) ?? [],
  };
}

/** Binds this phone by a key: kept before it is sent, so that an answer that got lost loses no key. */
async function bindByKey(question, proof, name) {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const publicKey = toText(await crypto.subtle.exportKey('spki', pair.publicKey));
  const kept = { publicKey, key: pair.privateKey, number: question.person?.maskedNumber ?? '' };
  await inKeys('readwrite', (store) => store.put({ ...kept, boundDeviceId: null }));
  const { challenge, origin } = question;
  const signature = await sign(pair.privateKey, statement('bind', origin, challenge, publicKey));
  const credential = { kind: 'key', challenge, publicKey, signature };
  const bound = await post('/v1/bound-devices', { ...proof, name, credential });
  await inKeys('readwrite', (store) => store.put({ ...kept, boundDeviceId: bound.boundDeviceId }));
  return bound;
}

/**
 * Asks for whom a proof is: `code`, the device code, or `mobileAuthenticationId`, what a carrier confirmed. The answer
 * is what `bind` goes on from.
 */
export const askToBind = (proof) => post('/v1/device-challenges', { purpose: 'bind', ...proof });

/** Binds this phone. `by`: `passkey` or `key`. */
export async function bind(question, proof, name, by) {
  if (by === 'key') return bindByKey(question, proof, name);
  return post('/v1/bound-devices', { ...proof, name, credential: await newPasskey(question) });
}

/** The answer of this phone's unlock, for whoever of its people is chosen on it. */
export async function answerByUnlock() {
  const { passkey } = await post('/v1/device-challenges', { purpose: 'sign-in' });
  if (!passkey) throw new DeviceError('noUnlock');
  const got = await asUnlocked(() =>
    navigator.credentials.get({
      publicKey: { ...passkey, challenge: toBytes(passkey.challenge), allowCredentials: [] },
    }),
  );
  const { clientDataJSON, authenticatorData, signature } = got.response;
  return {
    id: toText(got.rawId),
    clientDataJSON: toText(clientDataJSON),
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
  };
}

/** The answer of the key of the person of that number. */
export async function answerByKey(personNumber) {
  const keys = await keysHere();
  const masked = `${personNumber.trim().toUpperCase().slice(0, 6)}****`;
  const kept = keys.find(({ number }) => number === masked) ?? keys[0];
  if (!kept) throw new DeviceError('noKey');
  const { challenge, origin } = await post('/v1/device-challenges', { purpose: 'sign-in' });
  const { boundDeviceId } = kept;
  const signature = await sign(kept.key, statement('sign-in', origin, challenge, boundDeviceId));
  return { boundDeviceId, challenge, signature };
}
