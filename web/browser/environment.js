/* The environment check of the ways with a card: asks browser and bridge, and says of each part whether it will do. */
import { CardProblem, cardBridge, wordsOf } from './card-bridge.js';

const section = document.querySelector('[data-environment]');
const said = document.querySelector('[data-check-words]').dataset;
const spoken = section.querySelector('[data-check-spoken]');
const go = section.querySelector('[data-check-go]');
const bridge = cardBridge(section.dataset.bridge);
/* As the API takes it. */
const skewAllowedSeconds = 60;
const results = new Map();
/* A certificate card is looked for by its own driver, which names no readers. */
const isCertificate = section.dataset.environment === 'certificate';
const cardLines = isCertificate ? ['card'] : ['reader', 'card'];
const lines = ['bridge', ...cardLines, 'clock'];

function show(id, passed, found, advice = '') {
  const line = section.querySelector(`[data-check="${id}"]`);
  line.className = `check check--${passed === undefined ? 'waiting' : passed ? 'passed' : 'failed'}`;
  line.querySelector('[data-check-word]').textContent =
    passed === undefined ? '' : passed ? said.passedWord : said.failedWord;
  line.querySelector('[data-check-found]').textContent = found;
  const words = line.querySelector('[data-check-advice]');
  words.textContent = advice;
  words.hidden = passed !== false || advice === '';
  results.set(id, passed);
}

/* Chromium asks its person before a site may reach this computer; the name of that permission has changed once. */
async function permission() {
  for (const name of ['loopback-network', 'local-network-access', 'local-network']) {
    try {
      return (await navigator.permissions.query({ name })).state;
    } catch {
      // This browser does not know that name.
    }
  }
  return 'unknown';
}

async function bridgeProblem(error) {
  if (error instanceof CardProblem && error.code !== 'unreachable') {
    return [said.bridgeRefuses, wordsOf(error.words)];
  }
  return (await permission()) === 'denied'
    ? [said.blocked, said.blockedAdvice]
    : [said.noBridge, said.noBridgeAdvice];
}

function showReader({ state, readers, words }) {
  const advice = wordsOf(words);
  const noReader = ['noBinding', 'noDaemon', 'noReader'].includes(state);
  show('reader', !noReader, noReader ? said.noReader : readers.map(({ name }) => name).join(', '), advice);
  if (noReader) show('card', undefined, said.notLooked);
  else if (state === 'restarting') show('card', undefined, advice);
  else show('card', state === 'ready', state === 'ready' ? said.cardIn : said.noCard, advice);
}

async function showCertificateCard() {
  try {
    const { ready, reader, words } = await bridge.certificateCard();
    show('card', ready, ready ? reader || said.cardIn : said.noCard, ready ? '' : wordsOf(words));
  } catch (error) {
    show('card', false, said.noCard, wordsOf(error.words));
  }
}

function conclude() {
  const passed = section.dataset.known === 'passed' && lines.every((id) => results.get(id));
  section.querySelector('[data-check-result]').value = passed ? 'passed' : '';
  const wasHidden = go.hidden;
  go.hidden = !passed;
  const sentence = passed ? said.allPassed : said.notPassed;
  if (spoken.textContent !== sentence) spoken.textContent = sentence;
  if (passed && wasHidden && document.activeElement === document.body) go.focus();
}

async function look() {
  for (const id of lines) show(id, undefined, said.checking);
  if ((await permission()) === 'prompt') show('bridge', undefined, said.prompt);
  let status;
  try {
    status = await bridge.status();
    const { skewSeconds } = await bridge.enrol();
    show('bridge', true, `${said.version} ${status.version}`);
    const right = Math.abs(skewSeconds) <= skewAllowedSeconds;
    show('clock', right, said.skew.replace('%1', Math.abs(skewSeconds)), said.clockAdvice);
  } catch (error) {
    const skewed = error.code === 'cardBridgeKeyUnproved';
    if (status && skewed) {
      show('bridge', true, `${said.version} ${status.version}`);
      show('clock', false, said.skewMuch, said.clockAdvice);
    } else {
      const [found, advice] = await bridgeProblem(error);
      show('bridge', false, found, advice);
      show('clock', undefined, said.notLooked);
    }
  }
  if (!status) for (const id of cardLines) show(id, undefined, said.notLooked);
  else if (isCertificate) await showCertificateCard();
  else showReader(status);
  conclude();
  return status !== undefined;
}

if (await look()) {
  bridge.watch((status) => {
    if (!status) return (show('bridge', false, said.noBridge, said.noBridgeAdvice), conclude());
    if (isCertificate) return;
    showReader(status);
    conclude();
  });
}
