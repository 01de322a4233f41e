import { sql, type Kysely } from 'kysely';

/**
 * The settlement that anyone can check: its signed record, the evidence that it was made from, the last invited of
 * each county and product, the picture by county and group; and texts that wait for a wave to release them.
 */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table settlement
      add column decided_at  timestamptz,
      add column record      text,
      add column signature   text,
      add column resources   jsonb not null default '{}',
      add constraint settlement_record_is_signed check ((record is null) = (signature is null));
    update settlement set decided_at = settled_at;
    comment on column settlement.settled_at is 'When registration was closed for good; from here on nobody joins or leaves.';
    comment on column settlement.decided_at is 'When it was decided who is invited; null while they are being ranked.';
    comment on column settlement.record is 'The exact text that was signed: rules, supply, digests of candidates and of results. See docs/decisions/0010.';
    comment on column settlement.signature is 'Ed25519 over the UTF-8 bytes of record, base64.';
    comment on column settlement.resources is 'What the settlement took: seconds, bounds of memory, bytes of temporary files.';

    create table settlement_evidence (
      round_id     text not null references settlement,
      county_code  text not null,
      block        smallint not null,
      candidates   text not null,
      results      text not null,
      primary key (round_id, county_code, block)
    );
    -- Lots do not compress: trying to takes a third of the time of writing them.
    alter table settlement_evidence alter column candidates set storage external;
    comment on table settlement_evidence is 'Candidates and results as they were decided, many lines a row, in the order of the export: by county, then by lot, whose first byte is the block. No names and no numbers.';

    create table settlement_cut_off (
      round_id         text not null references settlement,
      product          text not null,
      county_code      text not null,
      doses            integer not null,
      contenders       integer not null,
      invited          integer not null,
      last_group       smallint,
      last_birth_date  date,
      primary key (round_id, product, county_code)
    );
    comment on table settlement_cut_off is 'How far each county''s doses of a product went: the last one invited, by group and birth date.';

    create table settlement_area (
      round_id        text not null references settlement,
      county_code     text not null,
      priority_group  smallint not null,
      registered      integer not null,
      invited         integer not null,
      primary key (round_id, county_code, priority_group)
    );
    comment on table settlement_area is 'The picture by county and group; published with small numbers hidden.';

    alter table text_message drop constraint text_message_status_check;
    alter table text_message add constraint text_message_status_check check (status in
      ('held', 'queued', 'submitting', 'unknown', 'accepted', 'delivered', 'undelivered', 'rejected'));
    comment on column text_message.status is 'held: written, and sent by nobody until a wave releases it.';
  `.execute(db);
}
