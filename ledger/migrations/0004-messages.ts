import { sql, type Kysely } from 'kysely';

/** Text messages (one owner, unique by person, purpose and occasion) and the relay's outbox. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table text_message (
      text_message_id     uuid primary key default gen_random_uuid(),
      person_key          uuid not null references person,
      purpose             text not null,
      occasion            text not null,
      contact_id          uuid not null references contact,
      parameters          jsonb not null default '{}',
      lane                text not null default 'personal' check (lane in ('personal', 'mass')),
      created_at          timestamptz not null default ledger_now(),
      status              text not null default 'queued'
        check (status in ('queued', 'submitting', 'unknown', 'accepted', 'delivered', 'undelivered', 'rejected')),
      attempts            smallint not null default 0,
      next_attempt_at     timestamptz not null default clock_timestamp(),
      lapses_at           timestamptz,
      lease_until         timestamptz,
      unknown_since       timestamptz,
      repeats             smallint not null default 0,
      gateway_message_id  text,
      segments            smallint,
      accepted_at         timestamptz,
      receipt_at          timestamptz,
      last_code           text,
      constraint text_message_once_per_occasion unique (person_key, purpose, occasion)
    );
    comment on column text_message.parameters is 'What the template needs: codes, times, site and booking number; the mobile comes from contact at sending.';
    comment on column text_message.lapses_at is 'Ledger time from which on the text would help nobody, after an outage say: it is then not sent. Null: it is sent however late.';
    comment on column text_message.unknown_since is 'When the first submission went out whose answer is still missing; null when the gateway''s word is known.';
    comment on column text_message.repeats is 'Submissions that may have reached the citizen a second time: counted, since plain SMPP cannot prevent them.';
    create index text_message_to_send on text_message (lane, next_attempt_at)
      where status in ('queued', 'submitting', 'unknown');
    create index text_message_by_gateway_id on text_message (gateway_message_id) where gateway_message_id is not null;
    create index text_message_awaiting_receipt on text_message (accepted_at) where status = 'accepted';
    create index text_message_repeated on text_message (repeats) where repeats > 0;

    create table citizen_outbox (
      person_key    uuid not null,
      version       bigint not null,
      sent_version  bigint not null default 0,
      lane          text not null default 'personal' check (lane in ('personal', 'mass')),
      changed_at    timestamptz not null default clock_timestamp(),
      lease_until   timestamptz,
      next_due_at   timestamptz,
      asleep        boolean not null default false,
      pokes         smallint not null default 0,
      primary key (person_key)
    ) partition by hash (person_key);
    comment on table citizen_outbox is 'One small row a person: which version the ledger holds and which one the engine was given.';
    comment on column citizen_outbox.next_due_at is 'Ledger time of the earliest thing still owed to the person; null when nothing is.';
    comment on column citizen_outbox.asleep is 'The person''s workflow run ended because nothing is due for days; the relay wakes it at next_due_at.';
  `.execute(db);
  for (let part = 0; part < 8; part += 1) {
    await sql`
      create table ${sql.raw(`citizen_outbox_${part}`)} partition of citizen_outbox
        for values with (modulus 8, remainder ${sql.raw(String(part))})
        with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)
    `.execute(db);
  }
  await sql`
    create index citizen_outbox_unsent on citizen_outbox (lane, changed_at) where version > sent_version;
    create index citizen_outbox_due on citizen_outbox (next_due_at) where next_due_at is not null;
    create index citizen_outbox_asleep on citizen_outbox (next_due_at) where asleep;
  `.execute(db);
}
