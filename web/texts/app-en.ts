/** The app, device binding and the list of devices, in English. */
import type { appZh } from './app-zh';

export const appEn: typeof appZh = {
  app: {
    name: 'Yiyue app',
    description: 'Sign in, produce codes, register and book vaccination on your phone',
    home: 'App',
    frontText: 'Bind your phone to yourself: sign in by its unlock and produce codes for the computer.',
    title: 'Yiyue app',
    lead: 'Once this phone is bound to you, sign in here, produce codes for the computer, register and book.',
    noScript:
      'On this page the phone itself confirms who you are, so JavaScript has to be on in your browser. Without it, sign in another way, for example with your NHI card number.',
    starting: 'Looking whether this phone is bound…',
    unlockTitle: 'Sign in by the phone’s unlock',
    unlockText:
      'The phone asks for its usual unlock: fingerprint, face, pattern or code. It is the phone’s own screen lock: we cannot see it, and nothing is sent by SMS.',
    unlock: 'Sign in by unlocking',
    passwordTitle: 'Sign in with number and password',
    password: 'Password of your online NHI card registration',
    passwordHint: 'The 6 to 12 characters that you set when you registered.',
    passwordMissing: 'Enter your password',
    signIn: 'Sign in',
    firstTitle: 'First time on this phone?',
    firstText:
      'Bind the phone to yourself first. One person may bind many devices, and one device many persons.',
    bind: 'Bind this phone',
    otherWays: 'Other ways to sign in',
    appointmentText: 'Look at your appointment, move or cancel it.',
    otp: 'One-time code',
    otpText: 'Six digits that confirm who you are when you book at a computer.',
    otpLead:
      'To sign in at a computer, press the button for a code of six digits. It is shown here alone; nothing is sent by SMS.',
    otpProduce: 'Produce a code',
    otpAgain: 'Produce another',
    otpIs: 'Your code',
    otpUntil: (time) => `Good until ${time}, for one use.`,
    otpLeft: (time) => `${time} left.`,
    otpEnter:
      'On the computer, choose “NHI app and one-time code” and enter your ID number and these six digits.',
    otpWarning:
      'Tell this code to nobody. We never ask for it by phone or message; whoever does is a fraud: call 165.',
    messages: 'Messages',
    messagesText: 'Read the texts that we sent you again.',
    messagesLead: 'These are the texts that were sent to your phone, newest first.',
    messagesNone: 'No text was sent to you yet.',
    card: 'NHI card status',
    cardText: 'See the number of the card in use.',
    cardLead: 'This is what the National Health Insurance has on record now.',
    cardNone: 'Nothing was found for this request.',
    cardNumber: 'Card number',
    cardNumberNote:
      'If your card is too worn to read, take the number from here. A new card works about one hour after it was made.',
    cardName: 'Name',
    cardNumberOfPerson: 'ID number',
    cardGroups: 'Priority groups',
    cardAskedAt: 'Asked at',
    cardRight: 'No card is locked for unpaid premiums, and they never touch your right to care.',
    bindTitle: 'Bind this phone',
    bindLead: 'By device code: make the code at a computer, then type or scan it on the phone.',
    bindSteps: [
      'At a computer, sign in with your NHI card and its password, or with your Citizen Digital Certificate.',
      'Open “My devices” and press “Make a device code”.',
      'Scan the QR code with this phone’s camera, or type the eight characters below.',
    ],
    bindCode: 'Device code',
    bindCodeHint:
      'Eight characters; capital letters differ from small ones. Good for 15 minutes and one use.',
    bindName: 'Name of the device',
    bindNameHint: 'A name by which you know it, 40 characters at most, for example “Mother’s phone”.',
    bindNameSuggested: 'My phone',
    bindBy: 'How will you sign in from now on?',
    bindByUnlock: 'By the phone’s unlock (recommended)',
    bindByUnlockHint: 'Fingerprint, face, pattern or code, just as you open the phone.',
    bindByKey: 'With your password',
    bindByKeyHint:
      'A key stays in this browser and cannot be taken out; you enter your ID number and password each time.',
    bindSubmit: 'Bind',
    boundTitle: 'This phone is bound',
    boundText: 'It is bound to you now. You can rename or remove it under “My devices” at any time.',
    boundNext: 'Go to sign in',
    bindNoComputer: 'No computer or card reader?',
    bindNoComputerText:
      'Nationals with a monthly plan in their own name and mobile data can use mobile authentication instead: no device code, no SMS. Otherwise bring your NHI card, identity document, household register and the phone to an NHI office or a self-service point.',
    offlineTitle: 'No connection',
    offlineText:
      'To protect your data this phone keeps none of the pages you looked at. Try again when you are connected.',
    offlineCode:
      'Codes, too, are produced over the connection. If it keeps timing out: close and open the app, clear the browser’s cache and update the browser.',
    offlineAgain: 'Try again',
    trouble: {
      failed: {
        title: 'That did not work',
        detail: 'Please try again. If it keeps failing, sign in another way.',
      },
      offline: {
        title: 'The connection timed out',
        detail:
          'Check your connection and try again; clearing the browser’s cache or updating the browser may help.',
      },
      noStore: {
        title: 'This browser cannot keep a key',
        detail: 'Leave private browsing, or bind by the phone’s unlock.',
      },
      noUnlock: {
        title: 'The phone’s unlock does not work at this address',
        detail: 'Please sign in with number and password.',
      },
      noKey: { title: 'This phone is not bound yet', detail: 'Press “Bind this phone” first.' },
      unlockRefused: {
        title: 'The phone was not unlocked',
        detail:
          'You may have cancelled, waited too long, or this phone is not bound yet. Try again, or bind the phone first.',
      },
      boundHere: { title: 'This phone is bound to you already', detail: 'You can sign in right away.' },
    },
  },
  devices: {
    title: 'My devices',
    homeText: 'See, rename or remove bound phones.',
    lead: 'These devices can sign in as you and produce codes. Remove any that you do not know.',
    empty: 'No device is bound to you.',
    kinds: {
      passkey: 'Signs in by its own unlock',
      key: 'Signs in with your password (key kept in the browser)',
    },
    ways: { deviceCode: 'device code', mobileQuick: 'mobile authentication', counter: 'at a counter' },
    boundAt: (time, way) => `Bound ${time} (${way})`,
    usedAt: (time) => `Last used ${time}`,
    neverUsed: 'Never used yet',
    change: 'Rename or remove',
    changeTitle: 'This device',
    rename: 'Rename',
    renamed: 'The name was changed.',
    nameWrong: (most) => `Enter a name of ${most} characters at most`,
    removeTitle: 'Remove this device',
    removeText:
      'It is signed out at once and can no longer sign in or produce codes. Your registration and appointment stay. To use it again, bind it again.',
    remove: 'Remove device',
    removed: 'The device was removed and signed out.',
    addTitle: 'Bind another device',
    addText:
      'Make a device code and scan or type it on the phone within 15 minutes. You need to be signed in with your NHI card and its password, or with your Citizen Digital Certificate.',
    makeCode: 'Make a device code',
    makeAnother: 'Make another device code',
    codeTitle: 'Device code',
    codeLead: 'Scan the QR code with the phone that you want to bind, or type the code.',
    code: 'Device code (capital and small letters differ)',
    codePicture: 'QR code of the device code; you may type the eight characters beside it instead',
    codeUntil: (time) => `Good until ${time}, for one device. After that, make another.`,
    codeScan: 'A phone with a camera: open the camera, scan the QR code and follow what the page says.',
    codeType: (address) =>
      `A device without a camera: open ${address} in its browser, press “Bind this phone” and type the code.`,
    codeWarning: 'Tell this code to nobody, and scan no QR code that somebody sent you.',
    codeOverTitle: 'No device code to use',
    codeOver:
      'The code was used, or 15 minutes have passed. A device that was just bound is listed under “My devices”.',
  },
};
