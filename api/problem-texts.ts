/** What a person reads when a wish is refused: for every code the HTTP status, a title and what to do, in both languages. */
import type { RefusalCode } from '../domain/refusal/refusals';

/** Reasons that lie in the transport or the service, not in the rules. */
export type ServiceProblemCode =
  | 'methodNotAllowed'
  | 'mediaTypeUnsupported'
  | 'bodyTooLarge'
  | 'originRefused'
  | 'notReady'
  | 'ledgerUnavailable'
  | 'overloaded'
  | 'internalError';

/** Every `code` that a problem document may carry. */
export type ProblemCode = RefusalCode | ServiceProblemCode;

export interface ProblemText {
  readonly title: string;
  readonly detail: string;
}

export interface ProblemEntry {
  readonly status: number;
  readonly zh: ProblemText;
  readonly en: ProblemText;
}

function entry(
  status: number,
  zhTitle: string,
  zhDetail: string,
  enTitle: string,
  enDetail: string,
): ProblemEntry {
  return { status, zh: { title: zhTitle, detail: zhDetail }, en: { title: enTitle, detail: enDetail } };
}

/** One row a code; the compiler refuses a code without one. */
export const problemTexts: Readonly<Record<ProblemCode, ProblemEntry>> = {
  identityNotConfirmed: entry(
    403,
    '無法確認您的資料',
    '您輸入的證號與健保卡卡號不相符，或您目前不在開放對象內。請對照健保卡正面的證號與左下方 12 碼卡號再試一次；新領的卡約 1 小時後才能使用。仍有問題請洽 1922。',
    'We could not confirm your details',
    'The number and the card number do not belong together, or you are not in a group that is open now. Compare them with the front of your NHI card and try again; a new card works about one hour after it was made. If it still fails, call 1922.',
  ),
  captchaInvalid: entry(
    422,
    '驗證未完成',
    '驗證沒有通過或已過期。請重新完成驗證後再送出。',
    'The check was not completed',
    'The check did not succeed or has expired. Please do it again and send once more.',
  ),
  captchaSpent: entry(
    422,
    '驗證已使用過',
    '每次驗證只能使用一次。請重新完成驗證後再送出。',
    'This check was already used',
    'Each check is good for one use. Please do a new one and send once more.',
  ),
  sessionRequired: entry(
    401,
    '請先登入',
    '請以身分證字號或統一證號，以及健保卡卡號登入。',
    'Please sign in',
    'Sign in with your ID or UI number and your NHI card number.',
  ),
  sessionEnded: entry(
    401,
    '登入已結束',
    '為保護您的資料，10 分鐘沒有動作就會登出。請重新登入，您已填寫的內容會保留。',
    'Your session has ended',
    'To protect your data you are signed out after 10 minutes without an act. Sign in again; your answers were kept.',
  ),
  tooManyAttempts: entry(
    429,
    '嘗試次數過多',
    '請稍候再試。等待時間請見 retryAfterSeconds。',
    'Too many attempts',
    'Please wait before you try again; retryAfterSeconds says how long.',
  ),
  registryUnavailable: entry(
    503,
    '暫時無法確認身分',
    '健保資料查詢目前沒有回應，並非您的資料有誤。請幾分鐘後再試。',
    'Identity cannot be confirmed right now',
    'The insurance registry does not answer at the moment; nothing is wrong with your details. Please try again in a few minutes.',
  ),
  noOpenRound: entry(
    409,
    '目前沒有開放的期別',
    '目前沒有開放登記或預約。請留意首頁公告的下一期時間。',
    'No round is open',
    'Nothing is open for registration or booking now. The front page says when the next round opens.',
  ),
  registrationNotOpenYet: entry(
    409,
    '意願登記尚未開始',
    '本期意願登記尚未開始，開始時間請見 opensAt。',
    'Registration has not opened yet',
    'Registration of this round has not opened yet; opensAt says when it does.',
  ),
  registrationClosed: entry(
    409,
    '意願登記已截止',
    '本期意願登記已截止，無法再登記、修改或撤回。請留意下一期。',
    'Registration has closed',
    'Registration of this round has ended: nothing can be registered, changed or withdrawn. Please watch for the next round.',
  ),
  notInOpenGroup: entry(
    403,
    '您非本期開放登記對象',
    '本期尚未開放您所屬的類別。開放對象請見首頁。',
    'You are not in a group that is open now',
    'This round is not open to your priority group yet. The front page lists the open groups.',
  ),
  notRegistered: entry(
    404,
    '查無意願登記',
    '您在本期沒有有效的意願登記。',
    'No registration found',
    'You have no live registration in this round.',
  ),
  alreadySettled: entry(
    409,
    '本期已完成結算',
    '本期已完成結算，登記資料無法再更動。',
    'The round has been settled',
    'The round has been settled; the registration can no longer be changed.',
  ),
  productRequired: entry(
    422,
    '請選擇疫苗',
    '請至少選擇一種疫苗。',
    'Choose a vaccine',
    'Choose at least one vaccine.',
  ),
  productNotOffered: entry(
    422,
    '本期未提供此疫苗',
    '您選擇的疫苗不在本期提供的項目內。',
    'This vaccine is not offered',
    'The vaccine that you chose is not offered in this round.',
  ),
  districtUnknown: entry(
    422,
    '查無此鄉鎮市區',
    '請從清單中選擇縣市與鄉鎮市區。',
    'Unknown district',
    'Choose a county and a district from the list.',
  ),
  mobileInvalid: entry(
    422,
    '手機號碼有誤',
    '請輸入 09 開頭的 10 碼手機號碼。',
    'The mobile number is not valid',
    'Enter a Taiwan mobile number of ten digits that begins with 09.',
  ),
  personNumberInvalid: entry(
    422,
    '身分證字號或統一證號有誤',
    '請輸入 10 碼身分證字號或統一證號（居留證號），並檢查是否有打錯的字。',
    'The ID or UI number is not valid',
    'Enter the ten characters of your ID or UI number and check them for a slip.',
  ),
  cardNumberInvalid: entry(
    422,
    '健保卡卡號有誤',
    '請輸入健保卡正面左下方的 12 碼數字。',
    'The card number is not valid',
    'Enter the twelve digits at the lower left of the front of your NHI card.',
  ),
  notInvited: entry(
    403,
    '您尚未取得預約資格',
    '您在本期尚未取得預約資格。已登記者，於結算後符合資格時會收到簡訊。',
    'You have no invitation to book',
    'You have no right to book in this round yet. Those who registered get a text message when it is their turn.',
  ),
  bookingNotOpenYet: entry(
    409,
    '預約尚未開始',
    '您的預約時段尚未開始，開始時間請見 opensAt。',
    'Booking has not opened yet',
    'Your booking window has not opened yet; opensAt says when it does.',
  ),
  bookingClosed: entry(
    409,
    '預約已截止',
    '本期預約已截止，無法再預約、更改或取消。未預約者將自動轉入下一期。',
    'Booking has closed',
    'Booking has ended: nothing can be booked, moved or cancelled. Those without an appointment join the next round by themselves.',
  ),
  slotUnknown: entry(
    404,
    '查無此時段',
    '此時段不存在，請重新選擇。',
    'Unknown time slot',
    'There is no such time slot. Please choose again.',
  ),
  slotOfOtherProduct: entry(
    409,
    '此時段提供其他疫苗',
    '此時段提供的疫苗與您可預約的不同，請選擇其他時段。',
    'This slot is for another vaccine',
    'The slot is for another vaccine than the one you may book. Please choose another.',
  ),
  slotPast: entry(
    409,
    '此時段已過',
    '此時段已經開始或結束，請選擇其他時段。',
    'This slot is over',
    'The slot has begun or is over. Please choose another.',
  ),
  slotFull: entry(
    409,
    '此時段已額滿',
    '此時段剛剛額滿。請見其他仍有名額的時段，您的資料不需重新填寫。',
    'This slot is full',
    'The last place has just gone. alternatives lists the next free slots; nothing has to be typed again.',
  ),
  slotUnchanged: entry(
    409,
    '這就是您目前的時段',
    '您選擇的時段與目前的預約相同。',
    'This is the slot you already have',
    'The slot that you chose is the one of your appointment.',
  ),
  alreadyBooked: entry(
    409,
    '您已有預約',
    '您在本期已有一筆有效預約。如要改時間或地點，請更改原預約。',
    'You already have an appointment',
    'You have a live appointment in this round. To change time or place, move it.',
  ),
  alreadyAttended: entry(
    409,
    '您已完成接種',
    '您在本期已完成接種，無需再預約。',
    'You have already been vaccinated',
    'You have been vaccinated in this round; there is nothing more to book.',
  ),
  appointmentUnknown: entry(
    404,
    '查無此預約',
    '查無此預約編號，請確認後再試。',
    'Unknown appointment',
    'There is no appointment of yours with this number.',
  ),
  appointmentNotLive: entry(
    409,
    '此預約已失效',
    '此預約已取消、已完成或已逾期，無法再更動。',
    'This appointment is no longer live',
    'The appointment was cancelled, kept or missed and can no longer be changed.',
  ),
  doseIntervalNotReached: entry(
    409,
    '尚未達接種間隔',
    '距離上一劑的間隔尚未達到，最早可接種日請見 earliestOn。',
    'Too soon after the previous dose',
    'The interval after your previous dose has not passed on that day; earliestOn is the first possible day.',
  ),
  productNotAfterPreviousDose: entry(
    409,
    '與前一劑疫苗不符',
    '依規定，您前一劑的疫苗之後不能接種此疫苗。',
    'Not after your previous vaccine',
    'By the rules this vaccine is not given after the one of your previous dose.',
  ),
  idempotencyKeyInvalid: entry(
    400,
    'Idempotency-Key 有誤',
    'Idempotency-Key 必須是 1 至 128 個可見的 ASCII 字元。',
    'The Idempotency-Key is not valid',
    'An Idempotency-Key has 1 to 128 visible ASCII characters.',
  ),
  idempotencyKeyReused: entry(
    422,
    'Idempotency-Key 已用於其他請求',
    '此 Idempotency-Key 先前已用於內容不同的請求，請換一個。',
    'The Idempotency-Key belongs to another request',
    'The key was used before for a request with other contents. Use a new one.',
  ),
  lookupNoMatch: entry(
    404,
    '查無資料',
    '查無相符的預約。請確認證號與預約時填寫的手機末三碼；您也可以用健保卡卡號登入查看。',
    'Nothing found',
    'No appointment matches. Check the number and the last three digits of the mobile given at booking; you may also sign in with your card number to see it.',
  ),
  siteUnknown: entry(
    404,
    '查無此接種地點',
    '此接種地點不存在，請重新選擇。',
    'Unknown site',
    'There is no such vaccination site. Please choose again.',
  ),
  stationUnknown: entry(
    401,
    '站點未登錄',
    '此站點金鑰無效或已註銷。',
    'Unknown station',
    'The key of this station is not valid or was revoked.',
  ),
  attendanceAtOtherSite: entry(
    409,
    '非此接種地點的預約',
    '此預約屬於其他接種地點。',
    'The appointment is at another site',
    'This appointment belongs to another vaccination site.',
  ),
  attendanceOnOtherDay: entry(
    409,
    '非今日的預約',
    '此預約不是今天的場次。',
    'The appointment is on another day',
    'This appointment is not for a session of today.',
  ),
  requestInvalid: entry(
    400,
    '請求內容有誤',
    '請求的格式不正確，errors 列出有問題的欄位。',
    'The request is not valid',
    'The request does not have the required form; errors names the fields.',
  ),
  formExpired: entry(
    403,
    '表單已過期',
    '請重新整理頁面後再送出一次。',
    'The form has expired',
    'Reload the page and send it once more.',
  ),
  pageUnknown: entry(
    404,
    '查無此頁',
    '此網址不存在，請回到首頁。',
    'Nothing is here',
    'This address does not exist. Please go back to the front page.',
  ),
  methodNotAllowed: entry(
    405,
    '不支援此方法',
    '此網址不支援所用的 HTTP 方法，可用的方法請見 Allow。',
    'Method not allowed',
    'This address does not take that HTTP method; the Allow header lists those it takes.',
  ),
  mediaTypeUnsupported: entry(
    415,
    '不支援此內容類型',
    '請以 application/json 傳送。',
    'Media type not supported',
    'Send application/json.',
  ),
  bodyTooLarge: entry(
    413,
    '請求內容過大',
    '請求內容超過上限。',
    'The request is too large',
    'The body exceeds the limit.',
  ),
  originRefused: entry(
    403,
    '來源不符',
    '此請求來自其他網站，為保護您的資料已拒絕。',
    'The request came from another site',
    'To protect your data, requests made by other web sites are refused.',
  ),
  notReady: entry(
    503,
    '系統準備中',
    '系統正在啟動，請稍候再試。',
    'The service is starting',
    'The service is still starting. Please try again in a moment.',
  ),
  ledgerUnavailable: entry(
    503,
    '系統暫時無法使用',
    '系統暫時無法處理您的請求，您的資料沒有變動或已完整保存。請稍候再試。',
    'The service is not available',
    'Your request cannot be handled right now. Please try again in a moment; with the same Idempotency-Key nothing is done twice.',
  ),
  overloaded: entry(
    503,
    '目前使用人數眾多',
    '目前使用人數眾多，請稍候再試，您的權益不受先後順序影響。',
    'Very many people are here',
    'Very many people use the service at the moment. Please try again shortly; being early gives no advantage at registration.',
  ),
  internalError: entry(
    500,
    '系統發生錯誤',
    '系統發生未預期的錯誤，我們已留下紀錄。請稍候再試。',
    'Something went wrong',
    'An unexpected error occurred and was recorded. Please try again in a moment.',
  ),
};

export const problemCodes = Object.keys(problemTexts) as readonly ProblemCode[];
