/**
 * What people read in a mail of the card account. Plain text; a link only where an address or a password waits to be
 * confirmed, and then the reader is told what the page will show. No name, number or card stands in any of them.
 */
import type { Instant } from '../civil-time/plain-date';
import { civilTime } from '../text-message/civil-words';

export const mailPurposes = [
  'confirmApplication',
  'remindApplication',
  'confirmNewEmail',
  'confirmNewPassword',
  'accountActive',
  'passwordChanged',
  'emailChanged',
  'accountDeactivated',
] as const;
export type MailPurpose = (typeof mailPurposes)[number];

/** As kept in `mail_message.parameters`; nothing personal. */
export interface MailParameters {
  /** Until when the link is good. */
  readonly until?: Instant;
}

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

interface Filled {
  readonly link: string;
  readonly until: string;
}

type Template = (filled: Filled) => { readonly subject: string; readonly lines: readonly string[] };

const zh: Readonly<Record<MailPurpose, Template>> = {
  confirmApplication: ({ link, until }) => ({
    subject: '請確認您的電子信箱：健保卡網路服務註冊',
    lines: [
      '有人以健保卡申請網路服務註冊，並填寫了這個電子信箱。',
      '如果是您本人，請開啟下列連結，核對頁面上的資料後按「確認」，註冊才會生效：',
      link,
      `連結只能使用一次，有效至 ${until}。`,
      '如果不是您申請的，請不要開啟連結，也不必回信；7 天內未確認，申請會自動刪除。',
    ],
  }),
  remindApplication: ({ link, until }) => ({
    subject: '提醒：您的健保卡網路服務註冊尚未確認',
    lines: [
      '您的健保卡網路服務註冊還沒有確認電子信箱，先前寄出的連結已失效。',
      '請開啟下列新的連結，核對頁面上的資料後按「確認」：',
      link,
      `連結只能使用一次，有效至 ${until}。`,
      '這是唯一一次提醒。申請滿 7 天仍未確認，會連同您填寫的資料一併刪除；刪除後可以重新申請。',
    ],
  }),
  confirmNewEmail: ({ link, until }) => ({
    subject: '請確認新的電子信箱：健保卡網路服務註冊',
    lines: [
      '有人要把這個電子信箱設為健保卡網路服務註冊的聯絡信箱。',
      '如果是您本人，請開啟下列連結，核對後按「確認」，新的信箱才會生效：',
      link,
      `連結只能使用一次，有效至 ${until}。在此之前，原來的信箱仍然有效。`,
      '如果不是您申請的，請不要開啟連結。',
    ],
  }),
  confirmNewPassword: ({ link, until }) => ({
    subject: '請確認新密碼：健保卡網路服務註冊',
    lines: [
      '有人以您的健保卡及戶籍資料，重新設定健保卡網路服務註冊密碼。',
      '如果是您本人，請開啟下列連結並按「確認」，新密碼才會生效：',
      link,
      `連結只能使用一次，有效至 ${until}。`,
      '如果不是您，請不要開啟連結：您的密碼沒有改變。請撥 0800-030-598 告訴我們。',
    ],
  }),
  accountActive: () => ({
    subject: '健保卡網路服務註冊完成',
    lines: [
      '您的健保卡網路服務註冊已經完成，現在可以用健保卡和註冊密碼登入。',
      '如果不是您本人辦理，請撥 0800-030-598，並攜帶身分證明文件到服務據點停用註冊。',
    ],
  }),
  passwordChanged: () => ({
    subject: '您的健保卡網路服務註冊密碼已變更',
    lines: [
      '您的健保卡網路服務註冊密碼剛剛變更，所有裝置都已登出，請用新密碼重新登入。',
      '如果不是您變更的，請撥 0800-030-598，並攜帶身分證明文件到服務據點停用註冊。',
    ],
  }),
  emailChanged: () => ({
    subject: '您的健保卡網路服務註冊聯絡信箱已變更',
    lines: [
      '您的健保卡網路服務註冊已改用另一個電子信箱，之後的通知不再寄到這裡。',
      '如果不是您變更的，請撥 0800-030-598。',
    ],
  }),
  accountDeactivated: () => ({
    subject: '您的健保卡網路服務註冊已停用',
    lines: [
      '您的健保卡網路服務註冊已在服務據點停用，所有裝置都已登出。',
      '需要時可以再用健保卡重新註冊。如果不是您辦理的，請撥 0800-030-598。',
    ],
  }),
};

const en: Readonly<Record<MailPurpose, Template>> = {
  confirmApplication: ({ link, until }) => ({
    subject: 'Please confirm your e-mail: NHI card online registration',
    lines: [
      'Somebody asked to register an NHI card for online services and gave this e-mail address.',
      'If it was you, open this link, check what the page shows and press "Confirm"; only then does the registration count:',
      link,
      `The link is good once, until ${until}.`,
      'If it was not you, do not open the link; there is no need to answer. What nobody confirms within 7 days is deleted.',
    ],
  }),
  remindApplication: ({ link, until }) => ({
    subject: 'Reminder: your NHI card online registration is not confirmed yet',
    lines: [
      'The e-mail address of your NHI card online registration is not confirmed yet, and the earlier link has expired.',
      'Open this new link, check what the page shows and press "Confirm":',
      link,
      `The link is good once, until ${until}.`,
      'This is the only reminder. Seven days after it was made, an unconfirmed registration is deleted with all that you gave; you can then register anew.',
    ],
  }),
  confirmNewEmail: ({ link, until }) => ({
    subject: 'Please confirm your new e-mail: NHI card online registration',
    lines: [
      'Somebody asked to use this address for their NHI card online registration.',
      'If it was you, open this link, check what the page shows and press "Confirm"; only then does the new address count:',
      link,
      `The link is good once, until ${until}. Until then the old address holds.`,
      'If it was not you, do not open the link.',
    ],
  }),
  confirmNewPassword: ({ link, until }) => ({
    subject: 'Please confirm your new password: NHI card online registration',
    lines: [
      'Somebody with your NHI card and household data set a new password for your NHI card online registration.',
      'If it was you, open this link and press "Confirm"; only then does the new password count:',
      link,
      `The link is good once, until ${until}.`,
      'If it was not you, do not open the link: your password has not changed. Please call 0800-030-598.',
    ],
  }),
  accountActive: () => ({
    subject: 'Your NHI card is registered for online services',
    lines: [
      'Your NHI card is registered: you can now sign in with the card and the password that you chose.',
      'If this was not you, call 0800-030-598 and have the registration deactivated at a service counter with your ID.',
    ],
  }),
  passwordChanged: () => ({
    subject: 'The password of your NHI card online registration was changed',
    lines: [
      'Your password was changed just now. All devices are signed out; sign in again with the new password.',
      'If this was not you, call 0800-030-598 and have the registration deactivated at a service counter with your ID.',
    ],
  }),
  emailChanged: () => ({
    subject: 'The e-mail address of your NHI card online registration was changed',
    lines: [
      'Your NHI card online registration uses another address now; no more notices come here.',
      'If this was not you, please call 0800-030-598.',
    ],
  }),
  accountDeactivated: () => ({
    subject: 'Your NHI card online registration was deactivated',
    lines: [
      'Your NHI card online registration was deactivated at a service counter. All devices are signed out.',
      'You can register again with your card whenever you like. If this was not you, please call 0800-030-598.',
    ],
  }),
};

/** The mail of a purpose; `link` is empty where there is none. */
export function mailText(
  purpose: MailPurpose,
  language: 'zh' | 'en',
  { link, parameters }: { readonly link: string; readonly parameters: MailParameters },
): MailText {
  const until = parameters.until === undefined ? '' : civilTime(parameters.until)[language];
  const { subject, lines } = { zh, en }[language][purpose]({ link, until });
  const closing = {
    zh: '本信由系統寄出，請勿回信。我們不會以電子郵件或電話索取您的密碼。',
    en: 'This mail was sent by a machine; please do not answer it. Nobody will ask you for your password by mail or phone.',
  };
  return { subject, text: `${[...lines, closing[language]].join('\n\n')}\n` };
}
