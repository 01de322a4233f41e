/* The app's own pages: the worker that keeps its shell, signing in by this phone, binding it, and the code's countdown. */
import { answerByKey, answerByUnlock, askToBind, bind, hasUnlock, keysHere } from './device.js';

const app = document.querySelector('[data-app]');
const words = JSON.parse(app.dataset.app);
const part = (name) => app.querySelector(`[data-${name}]`);

if ('serviceWorker' in navigator && window.isSecureContext) {
  // Without it everything works but the page that says that there is no connection.
  navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
}

/** Says what went wrong where a screen reader hears it. */
function complain(error) {
  const place = part('trouble');
  const known = words.trouble[error.code] ?? words.trouble.failed;
  const { title, detail } = error.words ?? known;
  place.querySelector('h2').textContent = title;
  place.querySelector('p').textContent = detail;
  place.hidden = false;
  place.focus();
}

/** Sends a form once this phone has answered. */
function answering(form, answer) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.answered) return;
    event.preventDefault();
    const button = form.querySelector('button[type=submit]');
    button.disabled = true;
    part('trouble').hidden = true;
    answer()
      .then((device) => {
        form.elements.device.value = JSON.stringify(device);
        form.dataset.answered = 'yes';
        form.requestSubmit();
      })
      .catch(complain)
      .finally(() => {
        button.disabled = false;
      });
  });
}

async function offerWays() {
  const [unlock, keys] = [await hasUnlock(), await keysHere()];
  part('by-unlock').hidden = !unlock && keys.length > 0;
  part('by-password').hidden = keys.length === 0;
  part('starting').hidden = true;
  const unlocking = part('by-unlock').querySelector('form');
  answering(unlocking, answerByUnlock);
  const signingIn = part('by-password').querySelector('form');
  answering(signingIn, () => answerByKey(signingIn.elements.personNumber.value));
}

function offerBinding(form) {
  const { code, deviceName, by } = form.elements;
  const { authentication } = form.dataset;
  /* By what a carrier confirmed a moment ago, or by the code that was made at a computer. */
  const proof = () => (authentication ? { mobileAuthenticationId: authentication } : { code: code.value });
  // The code of a scanned address stands in its fragment, which stays on this phone; it is taken out of sight at once.
  const scanned = /^#([A-Za-z0-9]{8})$/.exec(window.location.hash)?.[1];
  if (scanned && code) {
    code.value = scanned;
    window.history.replaceState(null, '', window.location.pathname);
  }
  hasUnlock().then((unlock) => {
    part('choice').hidden = !unlock;
    by.value = unlock ? 'passkey' : 'key';
  }, complain);
  part('starting').hidden = true;
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = form.querySelector('button[type=submit]');
    button.disabled = true;
    part('trouble').hidden = true;
    askToBind(proof())
      .then((question) => bind(question, proof(), deviceName.value, question.passkey ? by.value : 'key'))
      .then(() => {
        form.hidden = true;
        part('intro').hidden = true;
        part('bound').hidden = false;
        part('bound').querySelector('h1').focus();
      })
      .catch(complain)
      .finally(() => {
        button.disabled = false;
      });
  });
}

function countDown(place) {
  const endsAt = Date.now() + Number(place.dataset.seconds) * 1000;
  const bar = place.querySelector('[data-bar]');
  const tick = () => {
    const left = Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
    const shown = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    place.querySelector('[data-left]').textContent = words.left.replace('%s', shown);
    bar.setAttribute('width', String((left / Number(place.dataset.life)) * 100));
    // The page itself knows what to say when the code is over.
    if (left === 0) window.location.replace(window.location.pathname);
  };
  tick();
  setInterval(tick, 1000);
}

if (part('by-password')) void offerWays();
if (part('binding')) offerBinding(part('binding'));
if (part('countdown')) countDown(part('countdown'));
