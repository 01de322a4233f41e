/** What is wrong, and what to do about it, in plain words of both languages: the bridge's page and the sites say them. */
import type { ReadProblem } from './reader/pcsc-codes';
import type { ReaderState } from './reader/reader-status';
import type { DoorRefusal } from './door';

/** Why a call came to nothing, beside what stands in the way of reading a card. */
export type CallProblem =
  | DoorRefusal
  | 'callUnknown'
  | 'callInvalid'
  | 'bodyTooLarge'
  | 'noOriginAllowed'
  | 'tooManySignings'
  | 'signingOver';

export interface PlainWords {
  readonly zh: string;
  readonly en: string;
}

const words = (zh: string, en: string): PlainWords => ({ zh, en });

const noBinding = words(
  '讀卡元件沒有安裝完成。請依安裝說明重新安裝讀卡程式。',
  'The part that talks to card readers is not installed. Install the card bridge again as its instructions say.',
);
const noDaemon = words(
  '這部電腦的智慧卡服務沒有啟動。Windows 請啟動「Smart Card」服務；Linux 請安裝並啟動 pcscd；再重新檢測。',
  'The smart card service of this computer does not run. On Windows start the service "Smart Card"; on Linux install and start pcscd; then check again.',
);
const noReader = words(
  '找不到讀卡機。請插上讀卡機，換一個 USB 插槽試試，再重新檢測。',
  'No card reader was found. Plug one in, try another USB socket, and check again.',
);
const noCard = words(
  '讀卡機裡沒有卡片。請插入健保卡，晶片朝讀卡機標示的方向插到底。',
  'There is no card in the reader. Put the NHI card in, chip first and as far as it goes, the side up that the reader shows.',
);
const busy = words(
  '讀卡機正由另一個程式使用（例如報稅或網路銀行）。請關閉該程式後再試。',
  'Another program is using the reader, for tax or banking perhaps. Close it and try again.',
);

/** How reading stands; `ready` and `restarting` are no problems. */
export const stateWords: Readonly<Record<ReaderState, PlainWords>> = {
  noBinding,
  noDaemon,
  noReader,
  noCard,
  busy,
  ready: words('已偵測到卡片，可以讀取。', 'A card is in the reader and can be read.'),
  restarting: words('正在連接讀卡機，請稍候。', 'Connecting to the reader; one moment please.'),
};

/** Why a card was not read. */
export const readProblemWords: Readonly<Record<ReadProblem, PlainWords>> = {
  noBinding,
  noDaemon,
  noReader,
  noCard,
  readerBusy: busy,
  cardUnreadable: words(
    '卡片沒有回應：可能插反了、沒有插到底，或晶片髒污。請取出卡片，用乾布擦拭晶片，晶片朝正確方向重新插入。',
    'The card does not answer: it may be upside down, not quite in, or its chip dirty. Take it out, wipe the chip with a dry cloth and put it in the right way round.',
  ),
  professionalCard: words(
    '這是醫事人員卡。請改插您本人的健保卡。',
    'This is a health professional card. Please put in your own NHI card.',
  ),
  otherCard: words(
    '這不是健保卡（可能是金融卡、自然人憑證或交通卡）。請改插健保卡。',
    'This is no NHI card; it may be a bank card, a citizen certificate or a transport card. Please put in the NHI card.',
  ),
  cardPulled: words(
    '讀取時卡片被抽出了。請重新插入，等讀取完成後再取出。',
    'The card was pulled while it was being read. Put it in again and leave it in until it has been read.',
  ),
  readerStuck: words(
    '讀卡機沒有回應，讀卡程式已重新連接。請拔下讀卡機再插上，然後再試一次。',
    'The reader does not answer and has been connected anew. Unplug it, plug it in again, and try once more.',
  ),
  virtualReader: words(
    '這是軟體模擬的讀卡機，只有測試模式可以使用。請插上真正的讀卡機。',
    'This is a reader of software, which counts in test mode only. Plug in a real reader.',
  ),
};

/** Why a call was turned away. */
export const callProblemWords: Readonly<Record<CallProblem, PlainWords>> = {
  hostRefused: words(
    '讀卡程式只接受以本機位址連線。',
    'The card bridge answers only under an address of this very computer.',
  ),
  originRefused: words(
    '這個網站不在允許讀卡的清單內，讀卡程式沒有讀取任何資料。',
    'This site is not among those that may read cards here. Nothing was read.',
  ),
  originMissing: words(
    '沒有說明來自哪個網站的要求不予處理。',
    'A request that does not say which site it comes from is not carried out.',
  ),
  callUnknown: words('沒有這個功能。', 'There is no such call.'),
  callInvalid: words('要求的內容不完整。', 'The request is not complete.'),
  bodyTooLarge: words('要求的內容太大。', 'The request is too large.'),
  tooManySignings: words(
    '同時要求簽章的視窗太多。請先完成或關閉其他的簽章視窗。',
    'Too many signatures are asked for at once. Finish or close the other windows first.',
  ),
  signingOver: words('這次簽章已經結束。請再按一次。', 'This signature is over. Press the button again.'),
  noOriginAllowed: words(
    '還沒有允許任何網站讀卡。請以 --allow 加上網站的網址重新啟動讀卡程式。',
    'No site may read cards here yet. Start the bridge again with --allow and the address of the site.',
  ),
};
