/* Where scripts run, a proof of work takes the place of the question in words. */
import './altcha.js';
import './altcha-zh-tw.js';
import './altcha-en.js';

const workers = {
  'PBKDF2/SHA-256': 'altcha-pbkdf2.js',
  'PBKDF2/SHA-384': 'altcha-pbkdf2.js',
  'PBKDF2/SHA-512': 'altcha-pbkdf2.js',
  'SHA-256': 'altcha-sha.js',
  'SHA-384': 'altcha-sha.js',
  'SHA-512': 'altcha-sha.js',
};
for (const [algorithm, file] of Object.entries(workers)) {
  window.$altcha.algorithms.set(
    algorithm,
    () => new Worker(new URL(file, import.meta.url), { type: 'module' }),
  );
}

for (const place of document.querySelectorAll('[data-captcha]')) {
  const question = place.parentElement.querySelector('[data-captcha-question]');
  const widget = document.createElement('altcha-widget');
  widget.setAttribute('challenge', place.dataset.challenge);
  widget.setAttribute('name', 'altcha');
  widget.setAttribute('language', place.dataset.language);
  widget.setAttribute('auto', place.dataset.auto);
  widget.setAttribute('configuration', JSON.stringify({ hideLogo: true, hideFooter: true }));
  place.append(widget);
  place.hidden = false;
  question.remove();
}
