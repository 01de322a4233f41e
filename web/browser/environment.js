/* The environment check of the card way: asks browser and bridge, and says of each part whether it will do. */
import { CardProblem, cardBridge, wordsOf } from './card-bridge.js';

const section = document.querySelector('[data-environment]');
const said = document.querySelector('[data-check-words]').dataset;
const spoken = section.querySelector('[data-check-spoken]');
const go = section.querySelector('[data-check-go]');
const bridge = cardBridge(section.dataset.bridge);
/* As the API takes it. */
const skewAllowedSeconds = 60;
const results = new Map();

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

function conclude() {
  const passed =
    section.dataset.known === 'passed' &&
    ['bridge', 'reader', 'card', 'clock'].every((id) => results.get(id));
  section.querySelector('[data-check-result]').value = passed ? 'passed' : '';
  const wasHidden = go.hidden;
  go.hidden = !passed;
  const sentence = passed ? said.allPassed : said.notPassed;
  if (spoken.textContent !== sentence) spoken.textContent = sentence;
  if (passed && wasHidden && document.activeElement === document.body) go.focus();
}

async function look() {
  for (const id of ['bridge', 'reader', 'card', 'clock']) show(id, undefined, said.checking);
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
  if (status) showReader(status);
  else for (const id of ['reader', 'card']) show(id, undefined, said.notLooked);
  conclude();
  return status !== undefined;
}

if (await look()) {
  bridge.watch((status) => {
    if (!status) return (show('bridge', false, said.noBridge, said.noBridgeAdvice), conclude());
    showReader(status);
    conclude();
  });
}
