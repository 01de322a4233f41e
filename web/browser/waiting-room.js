/* Asks how far the line has come, as often as the server says, and goes on when it is one's turn. */
const line = document.querySelector('[data-line]');
const { under, about, between, unknown, spoken, turn, here, way } = line.dataset;
const part = (name) => line.querySelector(`[data-line-${name}]`);
const title = document.title;
/* Read aloud no more often than this: the rest is for looking at. */
const spokenEveryMs = 30_000;
/* The server may be away for a while; everybody in line finds it again at another moment. */
const mostPatientSeconds = 60;
let spokenAt = Date.now();
let failures = 0;

function waitText({ waitSecondsFrom, waitSecondsTo }) {
  if (waitSecondsTo === null) return unknown;
  const from = Math.max(1, Math.floor(waitSecondsFrom / 60));
  const to = Math.ceil(waitSecondsTo / 60);
  if (to <= 1) return under;
  return from >= to ? about.replace('%1', to) : between.replace('%1', from).replace('%2', to);
}

function show(standing) {
  const ahead = standing.ahead.toLocaleString('en');
  const wait = waitText(standing);
  const done = Math.round(standing.progress * Number(way));
  part('ahead').textContent = ahead;
  part('wait').textContent = wait;
  part('done').setAttribute('d', `M22 70h${done}`);
  part('you').setAttribute('transform', `translate(${done} 0)`);
  document.title = `${ahead} – ${title}`;
  if (Date.now() - spokenAt < spokenEveryMs) return;
  spokenAt = Date.now();
  part('spoken').textContent = spoken.replace('%1', ahead).replace('%2', wait);
}

async function ask() {
  try {
    const answer = await fetch('/v1/waiting-room', { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(String(answer.status));
    const standing = await answer.json();
    failures = 0;
    // Whether places are drawn before one's turn changes what the page says of them.
    const drawn = 'draw' in line.dataset;
    if (standing.state === 'waiting' && drawn === (standing.drawnAt !== null)) {
      show(standing);
      return standing.askAgainSeconds;
    }
    // Our turn, or no line any more, or a place that was lost: the page itself knows what to do.
    if (standing.state === 'open' || standing.state === 'admitted') part('spoken').textContent = turn;
    window.location.replace(here);
    return undefined;
  } catch {
    failures += 1;
    return Math.min(mostPatientSeconds, 5 * 2 ** failures) * (0.5 + Math.random());
  }
}

function later(seconds) {
  setTimeout(() => void askAgain(), seconds * 1000);
}

async function askAgain() {
  const next = await ask();
  if (next !== undefined) later(next);
}

later(Number(line.dataset.askAgain));
