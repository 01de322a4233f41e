/*
 * The card at a station. Where a card is waited for it is read by the station's own bridge and handed in; while somebody
 * is served, taking the card out ends it; where the station's key is typed, its bridge is enrolled under that key.
 */
const bridge = document.querySelector('[data-bridge]').dataset.bridge;
const waiting = document.querySelector('[data-station]');
const finish = document.querySelector('[data-station-finish]');
const keyForm = document.querySelector('[data-station-key]');
/* A bridge that does not answer is asked again after so long. */
const askAgainMs = 3_000;

async function post(address, body, headers = {}) {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { ok: answer.ok, body: await answer.json() };
}

/* The bridge signs that it wants to be known here; one that is known already keeps what it is. */
async function knownBridge(headers) {
  const enrolment = await post(`${bridge}/enrolment`, undefined);
  return post('/v1/card-bridges', enrolment.body, headers);
}

/* Calls `told` with what the bridge says of its readers, now and at every change; `null` when it is away. */
function listen(told) {
  const socket = new WebSocket(`${bridge.replace(/^http/, 'ws')}/readers`);
  socket.addEventListener('message', ({ data }) => told(JSON.parse(data)));
  socket.addEventListener('close', () => {
    told(null);
    setTimeout(() => listen(told), askAgainMs);
  });
}

const hasCard = (status) => status.readers.some(({ cardPresent }) => cardPresent);

function waitForCard() {
  const state = waiting.querySelector('[data-station-state]');
  const again = waiting.querySelector('[data-station-again]');
  /* `attributes` come in lower case, whatever they were written in. */
  const words = (problem) => waiting.getAttribute(`data-problem-${problem.toLowerCase()}`);
  const language = document.documentElement.lang === 'en' ? 'en' : 'zh';
  let reading = false;

  const say = (text, mayTryAgain = false) => {
    state.textContent = text;
    again.hidden = !mayTryAgain;
  };
  const sayProblem = ({ problem, zh, en }) => {
    const refusal = { zh, en }[language];
    if (refusal) say(`${refusal.title}　${refusal.detail}`, true);
    else say(words(problem ?? 'refused') ?? words('cardUnreadable'), true);
  };

  async function read() {
    say(waiting.dataset.reading);
    const enrolled = await knownBridge({});
    if (!enrolled.ok) return sayProblem(enrolled.body);
    const challenge = await post('/v1/card-challenges', {
      bridgeId: enrolled.body.bridgeId,
      purpose: 'station',
    });
    if (!challenge.ok) return sayProblem(challenge.body);
    const { challengeId, nonce, purpose, bridgeId } = challenge.body;
    const proof = await post(`${bridge}/proofs`, { challengeId, nonce, purpose, bridgeId });
    if (!proof.ok) return sayProblem(proof.body);
    const session = await post('/v1/station/citizen-sessions', proof.body);
    if (!session.ok) return sayProblem(session.body);
    window.location.assign('/station/menu');
    return undefined;
  }

  async function readOnce() {
    if (reading) return;
    reading = true;
    await read().catch(() => say(words('unreachable'), true));
    reading = false;
  }

  again.addEventListener('click', () => void readOnce());
  let present = false;
  listen((status) => {
    if (status === null) {
      present = false;
      say(words('noBridge'));
      return;
    }
    const inserted = hasCard(status);
    if (inserted && !present) void readOnce();
    else if (!inserted && !reading) say(status.state === 'noCard' ? '' : (words(status.state) ?? ''));
    present = inserted;
  });
}

/* Only a reader that says so took the card out: a bridge that starts anew has not looked yet. */
function finishWithoutCard() {
  listen((status) => {
    if (status?.state === 'noCard') finish.form.submit();
  });
}

function enrolWithKey() {
  keyForm.addEventListener('submit', (event) => {
    event.preventDefault();
    const key = keyForm.querySelector('input[name=stationKey]').value.trim();
    const enrolled =
      key === '' ? Promise.resolve() : knownBridge({ authorization: `Bearer ${key}` }).catch(() => undefined);
    void enrolled.then(() => keyForm.submit());
  });
}

if (waiting) waitForCard();
else if (keyForm) enrolWithKey();
else if (finish) finishWithoutCard();
