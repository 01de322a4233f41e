/** What a page shows of the station at which it stands: its name, what it takes back, and who acts for whom. */
import type { StationOfSession } from '../../api/plugins/session';
import { stationMay } from '../../domain/station/station';
import type { Station } from '../../ledger/station';
import type { Words } from '../words';

/** For a page in a session that a station began; undefined for every other session. */
export function stationFrame(station: StationOfSession | undefined, words: Words) {
  if (!station) return undefined;
  const { t } = words;
  const { assistedBy } = station;
  return {
    name: words.inLanguage(station.nameZh, station.nameEn),
    takesBack: stationMay(station.kind, 'giveBack'),
    answersFamily: stationMay(station.kind, 'answerFamily'),
    kiosk: !assistedBy,
    home: '/station/menu',
    assisted: assistedBy && t.station.assistedStrip(assistedBy.staffId, t.station.reasons[assistedBy.reason]),
  };
}

/** For a station's own page, on which nobody is served yet. */
export function stationPageFrame({ place, kind }: Station, words: Words, home: string) {
  return {
    name: words.inLanguage(place.nameZh, place.nameEn),
    takesBack: stationMay(kind, 'giveBack'),
    answersFamily: false,
    kiosk: stationMay(kind, 'readCard') && home === '/station',
    home,
    assisted: undefined,
  };
}
