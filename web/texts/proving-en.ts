/** The English of `proving-zh.ts`, key by key. */
import type { helpZh, quickAuthenticationZh, whichWayZh } from './proving-zh';

export const whichWayEn: typeof whichWayZh = {
  title: 'Find the way that suits you',
  lead: 'A few questions show the quickest way to prove who you are. No personal data is asked for.',
  frontText: 'By phone, NHI card, certificate or at a counter.',
  step: (number) => `Question ${String(number)}`,
  answeredTitle: 'Your answers',
  startAgain: 'Start again',
  questions: {
    nationality: {
      title: 'Do you have a national ID card?',
      hint: 'Carriers confirm numbers only for people with a national ID card.',
      answers: { national: 'Yes, a national ID card', foreign: 'No, a resident certificate' },
    },
    phone: {
      title: 'What kind of mobile number do you have?',
      hint: 'Monthly means that you get a bill each month. The five carriers are Chunghwa Telecom, Taiwan Mobile, FarEasTone, Taiwan Star and Asia Pacific Telecom.',
      answers: {
        own: 'A monthly contract in my own name with one of the five carriers',
        other: 'Another: prepaid, company, child card, virtual operator, or in a relative’s name',
        none: 'I have no mobile phone',
      },
    },
    mobileData: {
      title: 'Can this phone go online by its own mobile data?',
      hint: 'Wi-Fi has to be off while the number is confirmed, and the handset has to be bought in your name too.',
      answers: {
        yes: 'Yes, with mobile data, and the phone is mine',
        no: 'No, only by Wi-Fi, or it is not mine',
      },
    },
    anyPhone: {
      title: 'Do you have a mobile phone?',
      hint: 'It produces codes and gets reminders. It does not matter in whose name it is.',
      answers: { yes: 'Yes', no: 'No' },
    },
    reader: {
      title: 'Do you have a computer and a card reader?',
      hint: 'Any smart card reader will do, such as the one for filing taxes.',
      answers: { yes: 'Yes, both', no: 'No' },
    },
    card: {
      title: 'Which card will you use?',
      hint: 'Everybody has an NHI card. A Citizen Digital Certificate is issued by household offices and has a PIN.',
      answers: { nhiCard: 'NHI card', certificate: 'Citizen Digital Certificate' },
    },
  },
  ends: {
    quickAuthentication: {
      title: 'Mobile quick authentication',
      lead: 'Your number itself shows that it is you; it takes minutes. No card reader, and no code by text message.',
      prepare: [
        'This phone, with Wi-Fi off',
        'Your national ID number',
        'Your NHI card (the first time you need the last four digits of its number)',
      ],
      steps: [
        'Open quick authentication on the phone; enter your number and ID.',
        'Your carrier confirms that the number is yours.',
        'If your NHI card was never registered, enter its last four digits and choose a password.',
        'The phone asks you to unlock it. That is the phone’s own screen lock: unlock it as you always do.',
      ],
      action: 'Start quick authentication',
    },
    cardRegistration: {
      title: 'Register with NHI card and reader, then bind the phone',
      lead: 'The card goes into the reader the first time only.',
      prepare: [
        'Your NHI card',
        'A computer and a card reader',
        'Your household register (its number and your registered address are asked for)',
        'Phone number and e-mail address',
        'The phone to bind',
      ],
      steps: [
        'Check the computer, so that the reader works.',
        'Insert the card; enter household number, registered address, phone and e-mail, and choose a password.',
        'Open the e-mail that is sent to you and confirm.',
        'Sign in with the card and make a device code: eight characters, good for 15 minutes.',
        'Enter the code on the phone, or scan its QR code. The phone is bound.',
      ],
      action: 'Register the NHI card',
    },
    certificate: {
      title: 'Use a Citizen Digital Certificate, then bind the phone',
      lead: 'The certificate has a PIN of its own; no NHI card password is needed.',
      prepare: [
        'Your Citizen Digital Certificate and its PIN',
        'A computer and a card reader',
        'The phone to bind',
      ],
      steps: [
        'Insert the certificate at a computer; sign in with your ID number and its PIN.',
        'Make a device code: eight characters, good for 15 minutes.',
        'Enter the code on the phone, or scan its QR code. The phone is bound.',
      ],
      action: 'Sign in with the certificate',
    },
    counter: {
      title: 'Go to a counter, where staff register you and bind the phone',
      lead: 'Every office of the NHI does this; some 500 hospitals, clinics and township offices help with registering.',
      prepare: [
        'Your NHI card',
        'Your identity document (national ID card or resident certificate)',
        'Your household register (not needed by people without one)',
        'The phone to bind',
      ],
      steps: [
        'Bring all of these to the counter.',
        'Staff check who you are, register you and let you choose a password.',
        'Your phone is bound on the spot.',
      ],
    },
    withoutPhone: {
      title: 'You need no phone for this',
      lead: 'Neither registering nor booking needs a bound phone.',
      prepare: ['Your NHI card', 'A mobile number that can get texts: a relative’s will do'],
      steps: [
        'On the web, your ID or UI number and card number are enough to register and book.',
        'Or insert your card at a kiosk of the four convenience-store chains, an NHI pharmacy or a health centre.',
        'If none of these suits you, call your county’s hotline: staff do it for you.',
      ],
      action: 'Sign in with the card number',
    },
  },
  prepareTitle: 'Have ready',
  stepsTitle: 'What to do',
  checkEnvironment: 'Check the computer first',
  alsoTitle: 'Only want to register or book a vaccination?',
  also: 'Your ID or UI number and card number are enough; no phone has to be bound.',
  alsoAction: 'Sign in with the card number',
  helpAction: 'Questions and answers',
};

export const helpEn: typeof helpZh = {
  title: 'Questions and answers',
  lead: 'What people ask most about signing in, proving who they are and binding a phone.',
  groups: {
    password: 'Passwords',
    phone: 'Phone and device code',
    card: 'NHI card and household number',
    service: 'Booking, and false messages',
  },
  items: {
    forgottenPassword: {
      question: 'I forgot my password. What now?',
      answer: [
        'Prove once more who you are and choose a new one; the old one is not needed.',
        'With a number of your own, do quick authentication again on the phone; with a reader, insert the card and choose “forgotten password”; otherwise bring your card and identity document to a counter.',
      ],
    },
    taxPassword: {
      question: 'I set an NHI card password when I filed my taxes. Must I register again?',
      answer: ['No. The password that you set for filing taxes with the card is your registered password.'],
    },
    whyProve: {
      question: 'Why do I have to prove who I am?',
      answer: ['Vaccination goes by name: everybody’s turn is different, and nobody else may use yours.'],
    },
    ownPhone: {
      question: 'Must it be my own phone for quick authentication?',
      answer: [
        'Yes. Four things are needed: a national ID card; a monthly contract in your own name with one of the five carriers; mobile data of that number, with Wi-Fi off; and a handset that was bought in your name.',
        'Otherwise use a device code; it does just the same.',
      ],
    },
    whichPhonesFail: {
      question: 'Which numbers cannot be confirmed?',
      answer: [
        'Child cards, prepaid cards, company numbers, virtual operators, numbers that are unpaid or suspended, in somebody else’s name, of other carriers than the five, reported lost or given up.',
        'All of these phones can be bound by a device code.',
      ],
    },
    noCodeArrives: {
      question: 'I never get the code of quick authentication.',
      answer: [
        'There is no code and no text message: your carrier confirms the number itself. Whoever asks you for a code from a text message is not us.',
      ],
    },
    unlock: {
      question: 'Why does the phone ask for a password, fingerprint or pattern?',
      answer: [
        'That is the phone’s own screen lock, which guards the key that is bound in it. Unlock it as you always do; your fingerprint and password never reach us.',
      ],
    },
    timeout: {
      question: 'It says “timed out”. What now?',
      answer: [
        'First see that Wi-Fi is off and the mobile network has a signal.',
        'Then, one after another: update the app, clear its cache, update the browser, and try again. If it still fails, use a device code.',
      ],
    },
    deviceCode: {
      question: 'What is a device code?',
      answer: [
        'Eight characters that bind a phone whose number cannot be confirmed: sign in at a computer with the NHI card or the Citizen Digital Certificate and make a code, then enter it on the phone or scan its QR code.',
        'It is good for 15 minutes and for one use, and capital letters differ from small ones. If it has expired, make another. One person may bind several phones, and one phone several people.',
      ],
    },
    noReader: {
      question: 'I have no computer or card reader.',
      answer: [
        'With a mobile number of your own, use quick authentication: it needs no reader.',
        'Otherwise bring NHI card, identity document, household register and the phone to an NHI office, where staff register you and bind the phone.',
      ],
    },
    cardNumber: {
      question: 'Where is the card number?',
      answer: [
        'Twelve digits at the lower left of the front of the NHI card; the last four are its end. A new card has a new number.',
      ],
    },
    householdNumber: {
      question: 'Where is the household number?',
      answer: [
        'At the top left of the inner page of the household register: eight characters, the first of which may be a letter.',
      ],
    },
    notInGroup: {
      question: 'It says that I am not in a group that is open now.',
      answer: [
        'This round is not open to your group yet; nothing is wrong with your data. The command centre announces the dates, and 1922 knows them.',
      ],
    },
    otherPlaces: {
      question: 'I cannot book by phone or computer.',
      answer: [
        'Bring your NHI card to a kiosk of the four convenience-store chains, an NHI pharmacy or a health centre, and book by inserting it.',
      ],
    },
    fraud: {
      question: 'I got a text that asks me to pay, call back or follow a link.',
      answer: [
        'Ignore it. The NHI never writes about vaccination bookings, arrears, locked cards or misuse, and never asks for a transfer, a call back or a link; arrears lock no card and do not touch your right to care.',
        'Call the anti-fraud line 165, or the NHI on 0800-030-598 or 4128-678 (from mobiles 02-4128-678).',
      ],
    },
    whomToCall: {
      question: 'It still does not work. Whom can I ask?',
      answer: [
        'About proving who you are and the NHI card: 0800-030-598 or 4128-678 (from mobiles 02-4128-678).',
        'About card readers and their software: 07-231-8122, Monday to Friday 8:30–12:30 and 13:30–17:30.',
        'About vaccination: 1922.',
      ],
    },
  },
  householdPicture:
    'Sketch of the inner page of a household register: the household number is at the top left',
  householdPictureTitle: 'Household register',
  householdPictureHere: 'Household number',
};

export const quickAuthenticationEn: typeof quickAuthenticationZh = {
  title: 'Mobile quick authentication',
  lead: 'Your carrier confirms that the number is yours; no code is sent. Use the phone that you want to bind, with Wi-Fi off.',
  conditionsTitle: 'Before you begin',
  conditions: [
    'You have a national ID card',
    'The number is a monthly contract in your own name with one of the five carriers, with mobile data',
    'The handset was bought in your name',
    'Wi-Fi is off',
  ],
  notMine: 'One of these does not hold? Find the way that suits you',
  mobile: 'Mobile number',
  mobileHint: 'Of this phone: ten digits that begin with 09.',
  personNumber: 'National ID number',
  personNumberHint: 'Ten characters; the first is a letter.',
  submit: 'Ask the carrier',
  demonstrationTitle: 'Numbers of the demonstration',
  demonstration:
    'Every demonstration person’s own number is confirmed. Each of these gets one of the other answers:',
  confirmedTitle: 'Your carrier has confirmed the number',
  confirmedLead: (until) => `Please finish what follows before ${until}.`,
  registeredText: 'Your NHI card is registered; you can bind this phone now.',
  unregisteredText:
    'Your NHI card is not registered yet. Enter the last four digits of its number and choose a password; with it and your ID number you sign in from now on.',
  forgottenTitle: 'Forgot your password? Choose a new one here',
  cardLastFour: 'Last four digits of the card number',
  cardLastFourHint: 'The end of the twelve digits at the lower left of the front of your NHI card.',
  triesLeft: (tries) =>
    tries > 0
      ? `Compare them with the end of the twelve digits on the front of your NHI card. Tries left: ${String(tries)}.`
      : 'That was tried too often. Please authenticate again.',
  cardLastFourWrong: 'Enter the last 4 digits of your NHI card number',
  password: 'Choose a password',
  passwordHint: '6 to 12 letters or digits. Do not use your birthday, ID or phone number.',
  passwordAgain: 'The password once more',
  passwordsDiffer: 'The two passwords are not the same',
  unlock:
    'When you press the button the phone may ask for a password, fingerprint or pattern. That is the phone’s own screen lock: unlock it as you always do.',
  bind: 'Bind this phone',
  setPassword: 'Set the password',
  passwordSet: 'The password is set. Now bind this phone.',
  boundText: 'From now on unlock this phone to sign in to the app, or use your ID number and password.',
  answers: {
    onWifi: 'on Wi-Fi',
    otherCarrier: 'of another carrier',
    virtualNetwork: 'virtual operator',
    lostOrGivenUp: 'reported lost or given up',
    unpaidOrSuspended: 'unpaid or suspended',
    prepaid: 'prepaid',
    childCard: 'child card',
    corporate: 'company number',
    notInOwnName: 'in somebody else’s name',
    foreignNational: 'not a national',
    withoutData: 'without mobile data',
    handsetNotOwn: 'handset not one’s own',
    timedOut: 'timed out',
  },
  startAgain: 'Authenticate again',
};
