/** Where a phone's camera is led: the code stands in the fragment, which no browser sends and no log keeps. */
export function bindAddress(origin: string, code: string): string {
  return `${origin}/app/bind#${code}`;
}
