/** What citizens read in Traditional Chinese where they prove who they are: which way is theirs, quick authentication, help. */

/** 我該用哪一種方式. */
export const whichWayZh = {
  title: '找出適合您的認證方式',
  lead: '回答幾個問題，就知道怎麼做最快。不必輸入任何個人資料。',
  frontText: '用手機、健保卡、自然人憑證，還是到櫃檯。',
  step: (number: number) => `第 ${String(number)} 題`,
  answeredTitle: '您的回答',
  startAgain: '重新回答',
  questions: {
    nationality: {
      title: '您有國民身分證嗎？',
      hint: '電信業者只能替有國民身分證的人確認門號。',
      answers: { national: '有，我有國民身分證', foreign: '沒有，我持居留證' },
    },
    phone: {
      title: '您的手機門號是哪一種？',
      hint: '月租型是指每個月收到帳單繳費的門號；五大電信是中華電信、臺灣大哥大、遠傳、臺灣之星、亞太。',
      answers: {
        own: '用我自己的名字，向五大電信申辦的月租型門號',
        other: '其他：預付卡、公司門號、親子卡、虛擬行動網路，或家人申辦的門號',
        none: '我沒有手機',
      },
    },
    mobileData: {
      title: '這支手機能用自己的行動網路上網嗎？',
      hint: '認證時要關閉 Wi-Fi。手機本身也要是用您的名義購買或綁約的。',
      answers: { yes: '可以，門號有行動上網，手機也是我的', no: '不行，只能用 Wi-Fi，或手機不是我的' },
    },
    anyPhone: {
      title: '您有手機嗎？',
      hint: '用來產生認證碼、收提醒。用誰的名義申辦都可以。',
      answers: { yes: '有', no: '沒有' },
    },
    reader: {
      title: '您有電腦和讀卡機嗎？',
      hint: '一般的晶片讀卡機就可以，報稅用的那種也行。',
      answers: { yes: '有，兩樣都有', no: '沒有' },
    },
    card: {
      title: '您要用哪一張卡？',
      hint: '健保卡人人都有；自然人憑證要先在戶政事務所申辦，並且記得密碼。',
      answers: { nhiCard: '健保卡', certificate: '自然人憑證' },
    },
  },
  ends: {
    quickAuthentication: {
      title: '用手機快速認證',
      lead: '您的門號就能證明是您本人，幾分鐘完成。不必讀卡機，也不會寄驗證碼簡訊。',
      prepare: ['這支手機，並關閉 Wi-Fi', '國民身分證字號', '健保卡（第一次使用時，要輸入卡號末四碼）'],
      steps: [
        '在手機上打開快速認證，輸入門號與身分證字號。',
        '電信業者確認門號是您本人申辦的。',
        '健保卡還沒有註冊過的人，輸入卡號末四碼並設定密碼。',
        '手機會要您解鎖：那是手機自己的螢幕鎖，用平常的方式解鎖就好。',
      ],
      action: '開始快速認證',
    },
    cardRegistration: {
      title: '用健保卡和讀卡機註冊，再綁定手機',
      lead: '第一次要插卡，之後就不必了。',
      prepare: [
        '健保卡',
        '電腦和讀卡機',
        '戶口名簿（要輸入戶號與戶籍地址）',
        '電話與電子信箱',
        '要綁定的手機',
      ],
      steps: [
        '在電腦上檢查環境，確定讀卡機可以用。',
        '插入健保卡，輸入戶號、戶籍地址、電話與電子信箱，並設定密碼。',
        '打開寄到信箱的信，完成確認。',
        '用健保卡登入，產生裝置碼：8 碼，15 分鐘內有效。',
        '在手機上輸入裝置碼，或掃描 QR 碼，就綁定好了。',
      ],
      action: '開始註冊健保卡',
    },
    certificate: {
      title: '用自然人憑證，再綁定手機',
      lead: '自然人憑證有自己的密碼，不必另外申請健保卡密碼。',
      prepare: ['自然人憑證與它的密碼', '電腦和讀卡機', '要綁定的手機'],
      steps: [
        '在電腦上插入自然人憑證，輸入身分證字號與憑證密碼登入。',
        '產生裝置碼：8 碼，15 分鐘內有效。',
        '在手機上輸入裝置碼，或掃描 QR 碼，就綁定好了。',
      ],
      action: '用自然人憑證登入',
    },
    counter: {
      title: '到櫃檯，請服務人員替您註冊與綁定',
      lead: '健保署各服務據點都可以辦；部分醫院、診所與公所（全國約 500 處）也能協助註冊。',
      prepare: [
        '健保卡',
        '身分證明文件（國民身分證或居留證）',
        '戶口名簿（沒有戶籍的人不必）',
        '要綁定的手機',
      ],
      steps: [
        '四樣東西都帶著，到服務據點的櫃檯。',
        '服務人員核對身分，替您註冊並設定密碼。',
        '當場用您的手機完成綁定。',
      ],
    },
    withoutPhone: {
      title: '不必手機也能辦',
      lead: '登記意願與預約接種，都不需要手機認證。',
      prepare: ['健保卡', '可以收簡訊的手機門號：家人的也可以'],
      steps: [
        '在網頁上輸入證號與健保卡卡號，就能登記與預約。',
        '也可以帶健保卡到四大超商的機台、健保特約藥局或衛生所，插卡預約。',
        '都不方便時，請撥縣市政府的專線，由專人替您辦理。',
      ],
      action: '用健保卡卡號登入',
    },
  },
  prepareTitle: '請準備',
  stepsTitle: '怎麼做',
  checkEnvironment: '先檢查電腦環境',
  alsoTitle: '只是要登記或預約疫苗？',
  also: '用證號和健保卡卡號登入就可以，不必綁定手機。',
  alsoAction: '用健保卡卡號登入',
  helpAction: '常見問題',
};

/** 常見問題. */
export const helpZh = {
  title: '常見問題',
  lead: '登入、認證與綁定手機時，最常遇到的問題。',
  groups: {
    password: '密碼',
    phone: '手機認證與裝置碼',
    card: '健保卡與戶號',
    service: '預約與防詐騙',
  },
  items: {
    forgottenPassword: {
      question: '忘記密碼怎麼辦？',
      answer: [
        '再證明一次您是誰，就能設定新密碼，舊密碼不必想起來。',
        '用本人門號的人，在手機上重新做一次快速認證；有讀卡機的人，插健保卡後選「忘記密碼」；其他人帶健保卡與身分證明文件到櫃檯。',
      ],
    },
    taxPassword: {
      question: '報稅時設過健保卡密碼，還要再註冊嗎？',
      answer: ['不必。報稅時用健保卡設定過的密碼，就是註冊密碼。'],
    },
    whyProve: {
      question: '為什麼要認證身分？',
      answer: ['公費疫苗採實名制：每個人的資格都不同，也不能讓別人冒用您的名額。'],
    },
    ownPhone: {
      question: '快速認證一定要用自己的手機嗎？',
      answer: [
        '要。四個條件都符合才可以：有國民身分證、門號是本人向五大電信申辦的月租型、用這個門號的行動網路（關閉 Wi-Fi）、手機也是用本人名義購買或綁約的。',
        '不符合的人請改用裝置碼：效果完全一樣。',
      ],
    },
    whichPhonesFail: {
      question: '哪些門號不能快速認證？',
      answer: [
        '親子卡、預付卡、公司門號、虛擬行動網路（二類電信）、欠費或停話、不是本人申辦、五大電信以外，以及申報遺失或已退租的門號。',
        '這些門號都可以用裝置碼綁定。',
      ],
    },
    noCodeArrives: {
      question: '快速認證時，一直收不到驗證碼？',
      answer: ['不會有驗證碼，也不會有簡訊：是由電信業者直接確認門號。要您輸入簡訊驗證碼的，不是我們。'],
    },
    unlock: {
      question: '為什麼要我輸入手機密碼、按指紋或畫圖形？',
      answer: [
        '那是手機自己的螢幕鎖，用來保護綁定在手機裡的金鑰。用平常解鎖的方式就好，我們收不到您的指紋或密碼。',
      ],
    },
    timeout: {
      question: '出現「連線逾時」怎麼辦？',
      answer: [
        '先確認手機關閉了 Wi-Fi、行動網路有訊號。',
        '再依序試：更新到最新版本的 APP、清除快取資料、更新瀏覽器，然後重新認證。還是不行，就改用裝置碼。',
      ],
    },
    deviceCode: {
      question: '什麼是裝置碼？',
      answer: [
        '門號不能快速認證時，用來綁定手機的 8 個字：先在電腦上用健保卡或自然人憑證登入，產生裝置碼；再到手機上輸入，或掃描 QR 碼。',
        '15 分鐘內有效，只能用一次，大寫與小寫不同。逾時就再產生一組。一個人可以綁定好幾支手機，一支手機也可以綁定好幾個人。',
      ],
    },
    noReader: {
      question: '沒有電腦或讀卡機？',
      answer: [
        '本人門號的人用快速認證，不需要讀卡機。',
        '其他人帶健保卡、身分證明文件、戶口名簿與手機到健保署服務據點，由服務人員替您註冊並綁定。',
      ],
    },
    cardNumber: {
      question: '健保卡卡號在哪裡？',
      answer: ['在健保卡正面的左下角，共 12 位數字；末四碼就是最後四位。換發新卡後卡號會變。'],
    },
    householdNumber: {
      question: '戶號在哪裡？',
      answer: ['在戶口名簿內頁的左上角，共 8 個字，開頭可能是英文字母。'],
    },
    notInGroup: {
      question: '出現「您非本期開放登記對象」？',
      answer: ['表示這一期還沒有開放您的類別，您的資料沒有錯。開放時間由指揮中心公布，也可以撥 1922 詢問。'],
    },
    otherPlaces: {
      question: '不方便用手機或電腦預約？',
      answer: ['帶健保卡到四大超商的機台、健保特約藥局或衛生所，插卡就能預約。'],
    },
    fraud: {
      question: '收到要我匯款、回電或點連結的簡訊？',
      answer: [
        '請不要理會。健保署不會用簡訊通知疫苗預約、欠費、鎖卡或違規，也不會要您匯款、回電或點連結；欠費不會鎖卡，也不影響就醫。',
        '請撥反詐騙專線 165，或健保諮詢專線 0800-030-598、4128-678（手機請撥 02-4128-678）。',
      ],
    },
    whomToCall: {
      question: '還是不行，可以問誰？',
      answer: [
        '認證與健保卡的問題：健保諮詢專線 0800-030-598、4128-678（手機請撥 02-4128-678）。',
        '讀卡機與元件的問題：資訊技術諮詢專線 07-231-8122，週一至週五 8:30–12:30、13:30–17:30。',
        '疫苗接種的問題：1922。',
      ],
    },
  },
  householdPicture: '戶口名簿內頁示意：戶號在左上角',
  householdPictureTitle: '戶口名簿',
  householdPictureHere: '戶號在這裡',
};

/** 手機快速認證. */
export const quickAuthenticationZh = {
  title: '手機快速認證',
  lead: '由電信業者確認門號是您本人的，不會寄驗證碼簡訊。請用要綁定的那支手機操作，並關閉 Wi-Fi。',
  conditionsTitle: '開始前請確認',
  conditions: [
    '您有國民身分證',
    '門號是您本人向五大電信申辦的月租型，可以行動上網',
    '手機是用您的名義購買或綁約的',
    'Wi-Fi 已經關閉',
  ],
  notMine: '有一項不符合？看看適合您的方式',
  mobile: '手機門號',
  mobileHint: '就是這支手機的門號，09 開頭共 10 碼。',
  personNumber: '國民身分證字號',
  personNumberHint: '共 10 碼，第一碼是英文字母。',
  submit: '請電信業者確認',
  demonstrationTitle: '示範環境可用的門號',
  demonstration: '示範人物自己的門號都會確認成功。下列門號各會得到一種答覆：',
  confirmedTitle: '電信業者已確認您的門號',
  confirmedLead: (until: string) => `請在 ${until} 前完成下面的步驟。`,
  registeredText: '您的健保卡已經註冊過，可以直接綁定這支手機。',
  unregisteredText: '您的健保卡還沒有註冊過。請輸入卡號末四碼，並設定密碼，之後用身分證字號和密碼登入。',
  forgottenTitle: '忘記密碼？在這裡設定新密碼',
  cardLastFour: '健保卡卡號末四碼',
  cardLastFourHint: '健保卡正面左下角 12 位數字的最後四位。',
  triesLeft: (tries: number) =>
    tries > 0
      ? `請對照健保卡正面左下角 12 位數字的最後四位。還可以試 ${String(tries)} 次。`
      : '已經試了太多次，請重新認證。',
  cardLastFourWrong: '請輸入健保卡卡號的最後 4 位數字',
  password: '設定密碼',
  passwordHint: '6 到 12 個字，英文字母或數字。請不要用生日、證號或電話。',
  passwordAgain: '再輸入一次密碼',
  passwordsDiffer: '兩次輸入的密碼不一樣',
  unlock: '按下按鈕後，手機可能會要您輸入密碼、按指紋或畫圖形。那是手機自己的螢幕鎖，用平常的方式解鎖就好。',
  bind: '綁定這支手機',
  setPassword: '設定密碼',
  passwordSet: '密碼設定好了。接下來綁定這支手機。',
  boundText: '之後在這支手機上解鎖，或用身分證字號和密碼，就能登入 APP。',
  answers: {
    onWifi: '使用 Wi-Fi',
    otherCarrier: '五大電信以外',
    virtualNetwork: '虛擬行動網路（二類電信）',
    lostOrGivenUp: '申報遺失或退租',
    unpaidOrSuspended: '欠費或停話',
    prepaid: '預付卡',
    childCard: '親子卡',
    corporate: '公司門號',
    notInOwnName: '不是本人申辦',
    foreignNational: '非本國籍',
    withoutData: '沒有行動上網',
    handsetNotOwn: '手機不是本人購買',
    timedOut: '連線逾時',
  },
  startAgain: '重新認證',
};
