/* What scripts add to every page: focus on the error summary, no double sending, the skip link. All of it works without. */
import { Button, ErrorSummary, PasswordInput, SkipLink, createAll } from './govuk-frontend.js';

document.body.classList.add('js-enabled', 'govuk-frontend-supported');
createAll(Button);
createAll(ErrorSummary);
createAll(SkipLink);
createAll(PasswordInput);

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

// A page taken back from the browser's memory may show a person who has signed out since: ask for it anew.
window.addEventListener('pageshow', (event) => {
  if (event.persisted && document.querySelector('[data-session]')) window.location.reload();
});
