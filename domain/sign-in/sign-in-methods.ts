/** The ways by which a person proves who they are; how strong each is stands in docs/security.md. */
export const signInMethods = [
  /** ID or UI number and the number of the NHI card (身分證號＋健保卡號). */
  'card-number',
  /** The same and the birth date, for those whose duplicate number (重號) was cleared. */
  'birth-date',
  /** The NHI card in a reader and the registered password (健保卡＋註冊密碼). */
  'card-password',
  /** The Citizen Digital Certificate (自然人憑證). */
  'certificate',
  /** A code of six digits from the app on a bound device (健保快易通 APP＋OTP). */
  'app-otp',
  /** A bound device by its own unlock. */
  'passkey',
  /** A device bound by a key of its browser, with number and registered password. */
  'app-password',
  /** The card inserted at an enrolled station. */
  'station',
] as const;

export type SignInMethod = (typeof signInMethods)[number];
