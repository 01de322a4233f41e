/** A settlement's picture, for everybody, and one's own standing in every settlement that one was in. */
import type { FastifyInstance } from 'fastify';

import { counties } from '../domain/area/area';
import { pictureOf } from '../domain/settlement/picture';
import { findRound } from '../ledger/round';
import { readAreaCounts } from '../ledger/settlement-outcome';
import { findSignedRecord, keyFingerprint, type SettlementRecord } from '../ledger/settlement-record';
import { readStandings } from '../ledger/settlement-standing';
import { behindSignIn } from './citizen-page';
import { refusalPage } from './refusals';
import { pictureView, whyView } from './settlement-views';

const countyCodes = counties.map(({ code }) => code);

/** Registers `/rounds/:roundId/settlement` and `/registration/settlements`. */
export function settlementPages(app: FastifyInstance): void {
  app.get<{ Params: { roundId: string } }>('/rounds/:roundId/settlement', async (request, reply) => {
    const { words } = request;
    const { t } = words;
    const { roundId } = request.params;
    const { db } = app.ledger;
    const signed = await findSignedRecord(db, roundId);
    const round = signed && (await findRound(db, roundId));
    if (!signed || !round) return refusalPage(request, reply, { code: 'settlementUnknown' });
    const record = JSON.parse(signed.record) as SettlementRecord;
    return reply.page('settlement.njk', {
      title: t.settlement.title,
      back: '/',
      round: words.roundName(round),
      picture: pictureView(pictureOf(await readAreaCounts(db, roundId), countyCodes), words),
      facts: [
        { key: t.settlement.settledAt, value: words.moment(record.settledAt) },
        { key: t.settlement.rulesVersion, value: record.rulesVersion },
        { key: t.settlement.fingerprint, value: keyFingerprint(record.publicKey), code: true },
        { key: t.settlement.candidatesDigest, value: record.digests.candidates, code: true },
        { key: t.settlement.resultsDigest, value: record.digests.results, code: true },
      ],
      data: `/v1/rounds/${roundId}/settlement`,
    });
  });

  app.get('/registration/settlements', behindSignIn(app).page, async (request, reply) => {
    const { words } = request;
    const standings = await readStandings(app.ledger.db, request.requireCitizen().personKey);
    return reply.page('registration/settlements.njk', {
      title: words.t.settlement.ownTitle,
      back: request.citizen?.station ? '/' : '/account',
      whys: await Promise.all(standings.map((standing) => whyView(app, standing, words))),
    });
  });
}
