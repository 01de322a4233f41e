/** A country to settle: a million registrations in 22 counties, ten times as many as doses, written by SQL alone. */
import type { Client } from 'pg';

import { counties } from '../../domain/area/area';

export const settledRound = 'national';
export const nextRound = 'following';
/** From it some registrations of the settled round were carried over, with products that were waited for. */
const earlierRound = 'earlier';

/** Ten registrations for each dose. */
const demand = 10;

/** Thousands of inhabitants; the outlying islands have few, and that is what makes a cell of the picture small. */
const inhabitants: Readonly<Record<string, number>> = {
  ...{ '65000': 4_040, '66000': 2_850, '64000': 2_740, '63000': 2_510, '68000': 2_320, '67000': 1_860 },
  ...{ '10007': 1_240, '10013': 790, '10009': 660, '10004': 590, '10005': 530, '10010': 480 },
  ...{ '10008': 470, '10018': 460, '10002': 450, '10017': 360, '10015': 310, '10020': 260 },
  ...{ '10014': 210, '09020': 140, '10016': 110, '09007': 14 },
};

/** What is written, in order: what it is, and how. Nothing refers to anything else until all is there. */
function statements(registrations: number): readonly (readonly [what: string, sql: string])[] {
  const places = counties.map(({ code }) => `('${code}', ${String(inhabitants[code] ?? 100)})`).join(',');
  return [
    [
      'rounds',
      `set session_replication_role = replica;
      insert into vaccine_product values ('Moderna', '莫德納', 'Moderna'), ('AZ', 'AZ', 'AZ'), ('BNT', 'BNT', 'BNT');
      insert into round (round_id, kind, name_zh, name_en, open_groups, all_products_preselected,
          registration_opens_at, registration_ends_at, settles_at, age_reckoned_on)
        select id, 'rankThenInvite', id, id, '{5,6,7,8,9,10}', true, now() + opens * interval '1 day',
          now() + ends * interval '1 day', now() + ends * interval '1 day', current_date
        from (values ('${earlierRound}', -30, -25), ('${settledRound}', -9, 0), ('${nextRound}', -0.5, 20)) x (id, opens, ends);
      insert into round_product select round_id, p, n from round,
        unnest('{Moderna,AZ,BNT}'::text[]) with ordinality as x (p, n);
      insert into booking_window
        select round_id, product, a, b, now() + interval '30 days' + h * interval '1 hour', now() + interval '34 days'
        from round_product, (values (12, 17, 4), (18, 49, 2), (50, 64, 1), (65, 150, 0)) w (a, b, h)
        where product <> 'AZ' or a >= 18;
      insert into dose_interval (round_id, from_product, to_product, dose_number, interval_days, needs_mixed_intent)
        select round_id, f, t, 2, d, f <> t from round_product p join (values ('Moderna', 'Moderna', 28),
          ('AZ', 'AZ', 56), ('BNT', 'BNT', 28), ('AZ', 'Moderna', 28)) x (f, t, d) on p.product = t;
      insert into site select 'S1', '接種站', 'Site', '63000', '63000030', '一號', 'No. 1', '', '', '';
      insert into slot (round_id, site_id, product, session_date, starts_at, ends_at, capacity)
        select round_id, 'S1', product, current_date + 35, now() + interval '35 days',
          now() + interval '35 days 1 hour', 100 from round_product where round_id <> '${earlierRound}'`,
    ],
    [
      'who they are',
      `create temporary table place as
        select code, sum(weight) over (order by code) / sum(weight) over () as upto
        from (select code, weight::numeric from (values ${places}) x (code, weight)) y;
      create unlogged table who as
        select n, md5('person' || n)::uuid as k, md5('contact' || n)::uuid as contact, county.code as county,
          date '1930-01-01' + ((n::bigint * 48271) % 30500)::integer as birth, 5 + n % 6 as grp,
          (array['{Moderna}', '{AZ}', '{BNT}', '{Moderna,AZ}', '{Moderna,BNT}', '{Moderna,AZ,BNT}'])[1 + n % 6]::text[] as wants
        from generate_series(1, ${String(registrations)}) n
        join (select code, coalesce(lag(upto) over (order by upto), 0) as above, upto from place) county
          on (n::bigint * 7919 % 10007) / 10007.0 >= county.above and (n::bigint * 7919 % 10007) / 10007.0 < county.upto`,
    ],
    [
      'people',
      `insert into person (person_key, registry_person_id, name_cipher, birth_date, priority_groups, version)
        select k, md5('registry' || n)::uuid, decode(repeat(md5('name' || n), 3), 'hex'), birth, array[grp], 1 from who`,
    ],
    [
      'contacts',
      `insert into contact (contact_id, person_key, mobile_cipher)
        select contact, k, decode(repeat(md5('mobile' || n), 2), 'hex') from who`,
    ],
    [
      'doses and consents',
      `insert into dose (person_key, dose_number, product, given_on, source)
        select k, 1, (array['AZ', 'Moderna'])[1 + n / 10 % 2], current_date - (20 + n % 70), 'registry' from who where n % 10 = 0;
      insert into parental_consent (person_key, product, consented_on, recorded_by)
        select k, case when n % 3 = 0 then 'BNT' end, current_date, 'insurance-registry' from who
        where birth > current_date - interval '20 years' and n % 4 <> 0`,
    ],
    [
      'participations',
      `insert into participation (person_key, round_id, dose_number, stage, last_act)
        select k, '${earlierRound}', 1, 'carriedOver', 'carryOver' from who where n % 20 = 1;
      insert into participation (person_key, round_id, dose_number, stage, last_act)
        select k, '${settledRound}', case when n % 10 = 0 then 2 else 1 end, 'registered', 'register' from who`,
    ],
    [
      'registrations',
      `insert into registration (person_key, round_id, contact_id, county_code, district_code, products, priority_group)
        select k, '${earlierRound}', contact, county, county || '010', wants[1:1], grp from who where n % 20 = 1;
      insert into registration (person_key, round_id, contact_id, county_code, district_code, products,
          priority_group, mixed_intent, carried_from)
        select k, '${settledRound}', contact, county, county || '010', wants, grp, n % 20 = 0,
          case when n % 20 = 1 then '${earlierRound}' end from who`,
    ],
    [
      'marks and supply',
      `insert into citizen_outbox (person_key, version, sent_version) select k, 1, 1 from who;
      insert into supply select '${settledRound}', p, county, greatest(1, count(*) / ${String(3 * demand)})
        from who, unnest('{Moderna,AZ,BNT}'::text[]) p group by p, county;
      insert into settlement (round_id, rules_version, registrations, invited, decided_at, completed_at)
        values ('${earlierRound}', '1', 0, 0, now(), now());
      drop table who;
      set session_replication_role = origin`,
    ],
    ['statistics', 'vacuum analyze'],
    ['disk', 'checkpoint'],
  ];
}

/** Writes the country into an empty ledger whose server is ours alone. */
export async function seedCountry(
  db: Client,
  registrations: number,
  say: (progress: string) => void,
): Promise<void> {
  for (const [what, sql] of statements(registrations)) {
    say(`writing a country: ${what}`);
    await db.query(sql);
  }
}
