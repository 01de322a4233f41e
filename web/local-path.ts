/** Where to go on after signing in or staying signed in: only our own pages, never an address from outside. */

const pages =
  /^\/(?:app|account|registration|booking|appointment|waiting-list|leftover|family-requests)(?:\/[A-Za-z0-9-]+)*(?:\?[A-Za-z0-9=&%_-]*)?$/;

/** The address if it is one of our journeys' pages. */
export function localPath(address: unknown): string | undefined {
  if (typeof address !== 'string' || address.length > 300) return undefined;
  return pages.test(address) ? address : undefined;
}

/** `registration/area` ↔ `/registration/area`: what stands in `next`, as short as people can read it. */
export function nextOf(address: string): string {
  return address.replace(/^\//, '');
}

/** The page that `next` names, if it is one of ours. */
export function pathOfNext(next: unknown): string | undefined {
  return typeof next === 'string' ? localPath(`/${next}`) : undefined;
}
