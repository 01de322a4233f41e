/** A small, right set of a health authority's files, to be spoilt or changed by tests of the import. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  syntheticCardNumber,
  syntheticNationalId,
  syntheticNewUiNumber,
  syntheticOldUiNumber,
} from '../../scripts/demo-data/synthetic-numbers';

export const elderNumber = syntheticNationalId('A', 'male', 1);
export const residentNumber = syntheticNewUiNumber('B', 'female', 'foreign', 2);
export const residentOldNumber = syntheticOldUiNumber('B', 'D', 2);

/** The content of a ranked round over two products. */
export function aRound(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    roundId: 'test-round',
    kind: 'rankThenInvite',
    nameZh: '測試期',
    nameEn: 'Test round',
    openGroups: [5, 8, 9],
    allProductsPreselected: true,
    registration: {
      opensAt: '2026-11-01T10:00:00+08:00',
      endsAt: '2026-11-05T17:00:00+08:00',
      settlesAt: '2026-11-05T18:00:00+08:00',
    },
    ageReckonedOn: '2026-11-01',
    sessionDates: { first: '2026-11-10', last: '2026-11-12' },
    vaccines: [
      { product: 'AZ', nameZh: 'AZ 疫苗', nameEn: 'AstraZeneca' },
      { product: 'Moderna', nameZh: '莫德納疫苗', nameEn: 'Moderna' },
      { product: 'BNT', nameZh: 'BNT 疫苗', nameEn: 'BioNTech' },
    ],
    products: ['AZ', 'Moderna'],
    doseIntervals: [
      { from: 'AZ', to: 'AZ', doseNumber: 2, days: 56 },
      { from: 'Moderna', to: 'Moderna', doseNumber: 2, days: 28 },
    ],
    bookingWindows: [
      {
        product: 'AZ',
        ageFrom: 18,
        ageTo: 150,
        opensAt: '2026-11-07T10:00:00+08:00',
        closesAt: '2026-11-09T12:00:00+08:00',
      },
      {
        product: 'Moderna',
        ageFrom: 65,
        ageTo: 150,
        opensAt: '2026-11-07T10:00:00+08:00',
        closesAt: '2026-11-09T12:00:00+08:00',
      },
      {
        product: 'Moderna',
        ageFrom: 18,
        ageTo: 64,
        opensAt: '2026-11-07T14:00:00+08:00',
        closesAt: '2026-11-09T12:00:00+08:00',
      },
    ],
    ...changes,
  };
}

/** The five files by name; each line of a CSV file one entry, the heading first. */
export interface AuthorityFiles {
  round: string;
  sites: string[];
  sessions: string[];
  supply: string[];
  people: string[];
}

export function authorityFiles(): AuthorityFiles {
  return {
    round: JSON.stringify(aRound()),
    sites: [
      'site_id,name_zh,name_en,district_code,address_zh,address_en,phone,note_zh,note_en',
      'S1,信義聯合診所,Xinyi Clinic,63000020,臺北市信義區1號,"1 Test Rd., Taipei",02-2345-6789,"請帶健保卡\n與身分證",',
      'S2,玉里衛生所,Yuli Health Centre,10015030,花蓮縣玉里鎮2號,"2 Test Rd., Yuli",,,',
    ],
    sessions: [
      'site_id,date,window,product,capacity',
      'S1,2026-11-10,09:00-12:00,AZ,50',
      'S1,2026-11-10,13:00-16:00,AZ,40',
      'S1,2026-11-10,09:00-12:00,Moderna,30',
      'S2,2026-11-12,09:00-12:00,AZ,10',
    ],
    supply: ['product,county_code,doses', 'AZ,63000,90', 'Moderna,63000,30', 'AZ,10015,10'],
    people: [
      'numbers,name,birth_date,card_number,priority_groups,previous_doses,mobile_contract',
      `${elderNumber},甄健康,1950-02-28,${syntheticCardNumber(1)},5;9,AZ 2021-06-01; AZ 2021-09-01,0912345678`,
      `${residentNumber};${residentOldNumber},"NGUYEN, VAN AN",1990-12-31,${syntheticCardNumber(2)},8,,`,
      `${syntheticNationalId('C', 'female', 3)},陳𠮷,2008-02-29,${syntheticCardNumber(3)},,Moderna 2024-01-31,`,
    ],
  };
}

const fileNames = {
  round: 'round.json',
  sites: 'sites.csv',
  sessions: 'sessions.csv',
  supply: 'supply.csv',
  people: 'people.csv',
} as const;

/** Writes the files into a new temporary folder, gives its path to `use`, and removes it. */
export async function inFolder<T>(
  files: AuthorityFiles,
  use: (folder: string) => Promise<T>,
  lineEnd = '\n',
): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'yiyue-files-'));
  try {
    for (const [part, name] of Object.entries(fileNames)) {
      const content = files[part as keyof AuthorityFiles];
      const text = typeof content === 'string' ? content : content.map((line) => line + lineEnd).join('');
      await writeFile(path.join(folder, name), text);
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
