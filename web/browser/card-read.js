/* Reads the card for what the form is about when its owner presses the button, and sends the reading along. */
import { cardBridge, wordsOf } from './card-bridge.js';

const form = document.querySelector('[data-card-read]');
const status = form.querySelector('[data-card-status]');
const problem = form.querySelector('[data-card-problem]');
const button = form.querySelector('[data-card-submit]');
const bridge = cardBridge(form.dataset.bridge);
let reading = false;

button.hidden = false;
bridge.watch((standing) => {
  if (!reading) status.textContent = standing ? wordsOf(standing.words) : form.dataset.gone;
});

async function send() {
  reading = true;
  problem.hidden = true;
  status.textContent = form.dataset.reading;
  try {
    form.elements.cardProof.value = JSON.stringify(await bridge.read(form.dataset.cardRead));
    form.submit();
  } catch (error) {
    problem.textContent = wordsOf(error.words) || form.dataset.gone;
    problem.hidden = false;
    status.textContent = '';
    document.querySelector('#card').focus();
    reading = false;
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!reading) void send();
});
