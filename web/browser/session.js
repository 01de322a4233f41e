/* The remaining time, counted; two minutes before the end a dialog offers to stay. Without scripts a page does. */
const region = document.querySelector('[data-session]');
const notice = region.querySelector('[data-session-notice]');
const clock = region.querySelector('[data-session-clock]');
const warnSeconds = Number(region.dataset.warn);
let endsAt = Date.now() + Number(region.dataset.seconds) * 1000;
let dialog = null;
let dismissed = false;

const live = document.createElement('p');
live.className = 'govuk-visually-hidden';
live.setAttribute('role', 'status');
region.append(live);

function text(tag, words, className) {
  const element = document.createElement(tag);
  element.textContent = words;
  element.className = className;
  return element;
}

async function stay() {
  const answer = await fetch('/session/renewal', { headers: { accept: 'application/json' } });
  const remainingSeconds = answer.ok ? (await answer.json()).remainingSeconds : 0;
  if (remainingSeconds === 0) {
    window.location.assign(region.dataset.ended);
    return;
  }
  endsAt = Date.now() + remainingSeconds * 1000;
  dismissed = false;
  live.textContent = '';
  dialog?.close();
}

/** Another tab may have acted meanwhile: ask before saying that it is over. */
async function leave() {
  const answer = await fetch('/session/remaining', { headers: { accept: 'application/json' } }).catch(
    () => null,
  );
  const remaining = answer?.ok ? (await answer.json()).remainingSeconds : 0;
  if (remaining > 0) {
    endsAt = Date.now() + remaining * 1000;
    return;
  }
  window.location.assign(region.dataset.ended);
}

async function warn() {
  if (dialog || dismissed) return;
  dismissed = true;
  const answer = await fetch('/session/remaining', { headers: { accept: 'application/json' } }).catch(
    () => null,
  );
  if (answer?.ok) {
    endsAt = Date.now() + (await answer.json()).remainingSeconds * 1000;
    if (endsAt - Date.now() > warnSeconds * 1000) {
      dismissed = false;
      return;
    }
  }
  const until = new Date(endsAt).toLocaleTimeString('en-GB', {
    timeZone: 'Asia/Taipei',
    hour: '2-digit',
    minute: '2-digit',
  });
  dialog = document.createElement('dialog');
  dialog.className = 'session-dialog';
  dialog.setAttribute('aria-labelledby', 'session-dialog-title');
  const heading = text('h2', notice.dataset.title, 'govuk-heading-m');
  heading.id = 'session-dialog-title';
  const button = text('button', notice.dataset.stay, 'govuk-button');
  button.type = 'button';
  button.addEventListener('click', () => void stay());
  dialog.append(
    heading,
    text('p', notice.dataset.text.replace('%s', until), 'govuk-body'),
    text('p', notice.dataset.question, 'govuk-body'),
    button,
  );
  dialog.addEventListener('close', () => {
    dialog?.remove();
    dialog = null;
  });
  document.body.append(dialog);
  dialog.showModal();
  live.textContent = notice.dataset.spoken;
}

function tick() {
  const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  const shown = `${String(Math.floor(left / 60)).padStart(2, '0')}:${String(left % 60).padStart(2, '0')}`;
  clock.textContent = `${notice.dataset.remaining} ${shown}`;
  if (left === 0) void leave();
  else if (left <= warnSeconds) void warn();
}

tick();
setInterval(tick, 1000);
