/**
 * What citizens read in a text message, in the government's form: it opens with the last three digits of the
 * mobile and the sending agency, carries no link, and says what to do if it was not you.
 */
import type { ClosureReason } from '../closure/closure';
import type { Instant, PlainDate } from '../civil-time/plain-date';
import { assistants, assistedActWords, type Assistant, type AssistedAct } from './assisted-acts';
import { civilDate, civilTime, civilWindow, clockTime } from './civil-words';

export type TextLanguage = 'zh' | 'en';

/** A name in both languages. */
export interface Name {
  readonly zh: string;
  readonly en: string;
}

interface AppointmentParameters {
  readonly appointmentNumber: string;
  readonly siteId: string;
  readonly product: string;
  readonly doseNumber: number;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

interface InvitationParameters {
  readonly roundId: string;
  readonly product: string;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
}

/** `carriedOver`: the round ranks, so the registration goes on to the next one; else there is none to go on. */
interface EndingParameters {
  readonly roundId: string;
  readonly carriedOver: boolean;
}

/**
 * What each kind of text is told, as kept in `text_message.parameters`: codes, times and numbers of things, nothing
 * personal. Names of places and vaccines are looked up when the text is sent. The obligations of
 * `domain/lifecycle/obligations.ts` are purposes under their own names.
 */
export interface TextParameters {
  readonly registrationReceived: { readonly registrationNumber: string; readonly roundId: string };
  readonly registrationChanged: { readonly registrationNumber: string; readonly roundId: string };
  readonly registrationWithdrawn: { readonly registrationNumber: string; readonly roundId: string };
  readonly invitation: InvitationParameters;
  readonly appointmentBooked: AppointmentParameters;
  readonly appointmentMoved: AppointmentParameters;
  /** `rebookUntil`: until when one may book again; null when the booking window has closed. */
  readonly appointmentCancelled: AppointmentParameters & { readonly rebookUntil: Instant | null };
  /** The authority closed the window; `rebookUntil`: until when the reader may book again. */
  readonly appointmentClosed: AppointmentParameters & {
    readonly reason: ClosureReason;
    readonly rebookUntil: Instant;
  };
  /** `expiresAt`: until when the freed place is kept for the reader. */
  readonly placeOffered: Omit<AppointmentParameters, 'appointmentNumber' | 'doseNumber'> & {
    readonly expiresAt: Instant;
  };
  readonly remindToBook: InvitationParameters;
  readonly remindOfAppointment: AppointmentParameters;
  /** `dayEndsAt`: end of the site's last window that day. */
  readonly offerSameDay: AppointmentParameters & { readonly dayEndsAt: Instant };
  readonly tellMissed: EndingParameters;
  readonly tellLapsed: EndingParameters;
  /** `nextDoseOn`: from which day the next dose may be given; null when none is foreseen. */
  readonly confirmDose: {
    readonly product: string;
    readonly doseNumber: number;
    readonly givenOn: PlainDate;
    readonly nextDoseOn: PlainDate | null;
  };
  readonly remindNextDose: { readonly doseNumber: number; readonly dueOn: PlainDate };
  /** What staff or family did in the reader's name; `number` of the registration, appointment or ticket, where there is one. */
  readonly assistedAct: {
    readonly act: AssistedAct;
    readonly by: Assistant;
    readonly number: string | null;
  };
  /** An adult child asks to act for the reader, who may answer until then. */
  readonly familyAsked: { readonly answerUntil: Instant };
  /** The reader agreed that an adult child acts for them. */
  readonly familyAgreed: Readonly<Record<string, never>>;
  /** Somebody bound a phone to the reader. */
  readonly deviceBound: { readonly boundAt: Instant };
}

export type TextPurpose = keyof TextParameters;

/** Names by code; each throws for a code that is not in the ledger. */
export interface NameBook {
  site(siteId: string): Name;
  product(product: string): Name;
  round(roundId: string): Name;
}

export interface TextReader {
  /** Of the mobile that the text goes to: it shows the reader that the sender knows the number. */
  readonly mobileLastThree: string;
  readonly language: TextLanguage;
  readonly names: NameBook;
}

type Templates = {
  readonly [P in TextPurpose]: (parameters: TextParameters[P], names: NameBook) => Name;
};

const opening = (lastThree: string): Name => ({
  zh: `【末三碼${lastThree}】中央流行疫情指揮中心：`,
  en: `(Mobile ending ${lastThree}) Central Epidemic Command Center: `,
});

const byYourself: Name = {
  zh: '請自行至疫苗預約平臺預約，本簡訊不附連結。',
  en: 'Go to the booking platform yourself; we never send links.',
};
const whatFollows = (carriedOver: boolean): Name =>
  carriedOver
    ? {
        zh: '將自動轉入下一期，不需重新登記，輪到時另行通知。',
        en: 'You are carried over to the next round and need not register again; we will text you.',
      }
    : {
        zh: '下一期開放時可再預約。',
        en: 'You may book again when the next round opens.',
      };
const closedFor: Readonly<Record<ClosureReason, Name>> = {
  typhoon: { zh: '因颱風停班停課', en: 'Because of the typhoon' },
  disaster: { zh: '因天然災害', en: 'Because of a natural disaster' },
  siteUnavailable: { zh: '因接種站無法開設', en: 'Because the site cannot open' },
};
const questions: Name = { zh: '非本人或有疑問請撥1922。', en: 'Not you, or a question? Call 1922.' };

const templates: Templates = {
  registrationReceived: ({ registrationNumber, roundId }, names) => ({
    zh: `已收到${names.round(roundId).zh}意願登記，登記序號${registrationNumber}。序號非接種順序；輪到時另以簡訊通知預約。若非本人辦理，請撥1922。`,
    en: `Your registration for ${names.round(roundId).en} was received, no. ${registrationNumber}. It is no order of service; we text you when you may book. Not you? Call 1922.`,
  }),
  registrationChanged: ({ registrationNumber, roundId }, names) => ({
    zh: `${names.round(roundId).zh}意願登記已修改，登記序號${registrationNumber}。若非本人辦理，請撥1922。`,
    en: `Your registration for ${names.round(roundId).en}, no. ${registrationNumber}, was changed. Not you? Call 1922.`,
  }),
  registrationWithdrawn: ({ registrationNumber, roundId }, names) => ({
    zh: `${names.round(roundId).zh}意願登記已取消，登記序號${registrationNumber}。登記期間內可重新登記。若非本人辦理，請撥1922。`,
    en: `Your registration for ${names.round(roundId).en}, no. ${registrationNumber}, was withdrawn. You may register again while registration is open. Not you? Call 1922.`,
  }),
  invitation: ({ product, opensAt, closesAt }, names) => ({
    zh: `您可預約接種${names.product(product).zh}，${civilTime(opensAt).zh}起至${civilTime(closesAt).zh}止。${byYourself.zh}${questions.zh}`,
    en: `You may book ${names.product(product).en} from ${civilTime(opensAt).en} to ${civilTime(closesAt).en}. ${byYourself.en} ${questions.en}`,
  }),
  appointmentBooked: (appointment, names) => ({
    zh: `預約成功，${arranged(appointment, names).zh}請攜健保卡。若非本人預約，請撥1922。`,
    en: `Booked: ${arranged(appointment, names).en} Bring your NHI card. Not you? Call 1922.`,
  }),
  appointmentMoved: (appointment, names) => ({
    zh: `預約已更改，${arranged(appointment, names).zh}請攜健保卡。若非本人更改，請撥1922。`,
    en: `Changed: ${arranged(appointment, names).en} Bring your NHI card. Not you? Call 1922.`,
  }),
  appointmentCancelled: ({ appointmentNumber, rebookUntil, ...appointment }, names) => ({
    zh: `預約已取消，編號${appointmentNumber}（原${civilWindow(appointment).zh}，${names.site(appointment.siteId).zh}）。${
      rebookUntil ? `${civilTime(rebookUntil).zh}前可重新預約。` : '本次預約期間已結束。'
    }若非本人取消，請撥1922。`,
    en: `Cancelled: appointment ${appointmentNumber} (${civilWindow(appointment).en}, ${names.site(appointment.siteId).en}). ${
      rebookUntil ? `You may book again until ${civilTime(rebookUntil).en}.` : 'The booking period is over.'
    } Not you? Call 1922.`,
  }),
  appointmentClosed: ({ appointmentNumber, reason, rebookUntil, ...appointment }, names) => ({
    zh: `${closedFor[reason].zh}，${civilWindow(appointment).zh}${names.site(appointment.siteId).zh}的預約${appointmentNumber}已取消，請勿前往。資格保留，即日至${civilTime(rebookUntil).zh}可重新預約。${questions.zh}`,
    en: `${closedFor[reason].en}, appointment ${appointmentNumber} (${civilWindow(appointment).en}, ${names.site(appointment.siteId).en}) is cancelled: do not go. You may book again now on the platform, until ${civilTime(rebookUntil).en}. ${questions.en}`,
  }),
  placeOffered: ({ siteId, product, expiresAt, ...window }, names) => ({
    zh: `候補名額輪到您：${names.product(product).zh}，${civilWindow(window).zh}，${names.site(siteId).zh}。請於${civilTime(expiresAt).zh}前自行至疫苗預約平臺「候補」回覆，逾時由下一位遞補。${questions.zh}`,
    en: `A freed place for you: ${names.product(product).en}, ${civilWindow(window).en}, ${names.site(siteId).en}. Answer by ${civilTime(expiresAt).en} under Waiting list on the platform, else it is passed on. ${questions.en}`,
  }),
  remindToBook: ({ product, closesAt }, names) => ({
    zh: `提醒您尚未預約${names.product(product).zh}，預約至${civilTime(closesAt).zh}止。${byYourself.zh}${questions.zh}`,
    en: `You have not yet booked ${names.product(product).en}. Booking ends ${civilTime(closesAt).en}. ${byYourself.en} ${questions.en}`,
  }),
  remindOfAppointment: (appointment, names) => ({
    zh: `提醒您的預約：${arranged(appointment, names).zh}請攜健保卡，無法前往請先取消。${questions.zh}`,
    en: `Reminder: ${arranged(appointment, names).en} Bring your NHI card; cancel if you cannot come. ${questions.en}`,
  }),
  offerSameDay: ({ dayEndsAt, ...appointment }, names) => ({
    zh: `您預約的${civilWindow(appointment).zh}已過，當日${clockTime(dayEndsAt)}前仍可至${names.site(appointment.siteId).zh}接種，請攜健保卡。已接種者免理會。${questions.zh}`,
    en: `Your window ${civilWindow(appointment).en} has passed. You can still come to ${names.site(appointment.siteId).en} until ${clockTime(dayEndsAt)} that day, with your NHI card. Ignore this if you have been. ${questions.en}`,
  }),
  tellMissed: ({ roundId, carriedOver }, names) => ({
    zh: `${names.round(roundId).zh}您未於預約日接種，${whatFollows(carriedOver).zh}${questions.zh}`,
    en: `You did not come on the day booked in ${names.round(roundId).en}. ${whatFollows(carriedOver).en} ${questions.en}`,
  }),
  tellLapsed: ({ roundId, carriedOver }, names) => ({
    zh: `${names.round(roundId).zh}預約期間已結束，您未完成預約，${whatFollows(carriedOver).zh}${questions.zh}`,
    en: `Booking for ${names.round(roundId).en} has ended without an appointment of yours. ${whatFollows(carriedOver).en} ${questions.en}`,
  }),
  confirmDose: ({ product, doseNumber, givenOn, nextDoseOn }, names) => ({
    zh: `您已於${civilDate(givenOn).zh}接種${names.product(product).zh}第${doseNumber}劑。${
      nextDoseOn ? `下一劑最早為${civilDate(nextDoseOn).zh}，屆時另行通知。` : ''
    }如有不適請就醫。若非本人接種，請撥1922。`,
    en: `You were given dose ${doseNumber} of ${names.product(product).en} on ${civilDate(givenOn).en}.${
      nextDoseOn ? ` The next dose may follow from ${civilDate(nextDoseOn).en}; we will text you.` : ''
    } See a doctor if you feel unwell. Not you? Call 1922.`,
  }),
  remindNextDose: ({ doseNumber, dueOn }) => ({
    zh: `您的第${doseNumber}劑自${civilDate(dueOn).zh}起可接種。請留意開放期間，自行至疫苗預約平臺登記或預約，本簡訊不附連結。${questions.zh}`,
    en: `Your dose ${doseNumber} may be given from ${civilDate(dueOn).en}. Register or book on the platform yourself when it is open; we never send links. ${questions.en}`,
  }),
  assistedAct: ({ act, by, number }) => {
    const [zh, en] = number === null ? ['', ''] : [`，編號${number}`, `, no. ${number}`];
    if (by === 'family') {
      return {
        zh: `您同意代辦的家人已代您${assistedActWords[act].zh}${zh}。若非本人同意，請撥1922。`,
        en: `The family member you agreed to ${assistedActWords[act].en}${en}. Not your wish? Call 1922.`,
      };
    }
    return {
      zh: `${assistants[by].zh}已依申請代您${assistedActWords[act].zh}${zh}。若非本人申請，請撥1922。`,
      en: `${assistants[by].en} ${assistedActWords[act].en}${en}, as you asked. Not you? Call 1922.`,
    };
  },
  familyAsked: ({ answerUntil }) => ({
    zh: `您的子女申請代您登記與預約。請於${civilTime(answerUntil).zh}前自行登入疫苗預約平臺「家人代辦」，或撥縣市專線回覆；不同意可不理會。若非本人子女申請，請撥1922。`,
    en: `Your child asks to register and book for you. Answer by ${civilTime(answerUntil).en} on the platform under Family, or by your county hotline; if you do not agree, do nothing. Not your child? Call 1922.`,
  }),
  familyAgreed: () => ({
    zh: '您已同意由子女代您登記與預約，可隨時於疫苗預約平臺「家人代辦」收回，每次代辦都會通知您。若非本人同意，請撥1922。',
    en: 'You agreed that your child registers and books for you; take it back at any time on the platform under Family. We text you each time. Not your wish? Call 1922.',
  }),
  deviceBound: ({ boundAt }) => ({
    zh: `${civilTime(boundAt).zh}有一支裝置以您的身分完成裝置認證，可登入及產生認證碼。若非您本人，請自行至平臺「我的裝置」移除，並撥1922。`,
    en: `On ${civilTime(boundAt).en} a device was bound to you; it can sign in and produce codes. Not you? Remove it on the platform under My devices and call 1922.`,
  }),
};

export const textPurposes = Object.keys(templates) as readonly TextPurpose[];

function arranged(appointment: AppointmentParameters, names: NameBook): Name {
  const { appointmentNumber, siteId, product, doseNumber } = appointment;
  const when = civilWindow(appointment);
  return {
    zh: `編號${appointmentNumber}，${names.product(product).zh}第${doseNumber}劑，${when.zh}，${names.site(siteId).zh}。`,
    en: `no. ${appointmentNumber}, ${names.product(product).en} dose ${doseNumber}, ${when.en}, ${names.site(siteId).en}.`,
  };
}

/** The whole text as the citizen shall read it. Throws when a code that it names is not in the name book. */
export function renderText<P extends TextPurpose>(
  purpose: P,
  parameters: TextParameters[P],
  reader: TextReader,
): string {
  const { language, mobileLastThree, names } = reader;
  return opening(mobileLastThree)[language] + templates[purpose](parameters, names)[language];
}

/** The text as a handset of staff receives it before any citizen does: nobody shall take it for an invitation. */
export function markedAsTest(text: string, language: TextLanguage): string {
  return `${testMark[language]}${text}`;
}

const testMark: Name = {
  zh: '【測試簡訊，非正式通知】',
  en: '(TEST MESSAGE, NOT A NOTICE) ',
};
