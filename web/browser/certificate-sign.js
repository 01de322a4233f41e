/* Has the certificate card sign for the form: the PIN is typed in a window of the bridge's own, never on this page. */
import { cardBridge, wordsOf } from './card-bridge.js';

const form = document.querySelector('[data-certificate]');
const said = form.dataset;
const status = form.querySelector('[data-card-status]');
const problem = form.querySelector('[data-card-problem]');
const pinWindow = form.querySelector('[data-pin-window]');
const pinLink = pinWindow.querySelector('a');
const button = form.querySelector('[data-card-submit]');
const bridge = cardBridge(said.bridge);
const lookAgainMs = 1_000;
let asking = false;

button.hidden = false;

function fail(words) {
  asking = false;
  button.hidden = false;
  pinWindow.hidden = true;
  problem.textContent = words;
  problem.hidden = false;
  status.textContent = '';
  document.querySelector('#card').focus();
}

async function outcomeOf(signingId) {
  for (;;) {
    const outcome = await bridge.signing(signingId);
    if (outcome.state !== 'waiting') return outcome;
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}

async function sign() {
  asking = true;
  problem.hidden = true;
  status.textContent = said.asking;
  try {
    const { signingId, page } = await bridge.beginSigning('sign-in');
    button.hidden = true;
    pinLink.href = page;
    pinWindow.hidden = false;
    status.textContent = said.waiting;
    pinLink.focus();
    const outcome = await outcomeOf(signingId);
    if (outcome.state !== 'signed') return fail(wordsOf(outcome.words));
    status.textContent = said.signed;
    form.elements.certificateProof.value = JSON.stringify(outcome.proof);
    form.submit();
  } catch (error) {
    fail(error.code === 'signingOver' ? said.over : wordsOf(error.words) || said.gone);
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (asking) return;
  const { personNumber } = form.elements;
  if (personNumber.value.trim() !== '') return void sign();
  fail(said.missing);
  personNumber.focus();
});
