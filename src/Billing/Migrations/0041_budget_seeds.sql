-- When the budgets of a till were seeded for this epoch; null for one that was opened without a till.
alter table lease_epochs add column seeded_at timestamptz;

-- What was billed in the UTC day and month of an instant, for each subject that budgets know: o the organization, p:<project>, k:<key>, and * for
-- those not named. Rows of one epoch can be left out; null leaves out none.
create function billed_by_subject(organization uuid, instant timestamptz, without_epoch bigint)
returns table (subject text, period text, spent numeric) language sql stable as $$
  with rows as (
    select r.project_id, r.key_id, r.amount, r.hour as at
    from usage_rollup_hours r
    where r.organization_id = organization and r.hour >= date_trunc('month', instant, 'UTC')
    union all
    select u.project_id, u.key_id, -u.amount, u.admitted_at
    from usage_events u
    where u.organization_id = organization and u.epoch = without_epoch and u.admitted_at >= date_trunc('month', instant, 'UTC')
      -- An epoch's requests are made after it was opened; their ids carry another clock.
      and u.request_id >= uuid7_lower(to_timestamp(without_epoch / 1000.0) - interval '1 day')
  ), subjects as (
    select s.subject, r.amount, date_trunc('day', r.at, 'UTC') = date_trunc('day', instant, 'UTC') as today
    from rows r
    cross join lateral (values
      ('o'), ('p:' || replace(r.project_id::text, '-', '')), ('k:' || replace(r.key_id::text, '-', ''))) s (subject)
    where date_trunc('month', r.at, 'UTC') = date_trunc('month', instant, 'UTC')
    union all
    select '*', 0, true
  ), sums as (
    select s.subject, sum(s.amount) as month, coalesce(sum(s.amount) filter (where s.today), 0) as day from subjects s group by s.subject
  )
  select s.subject, p.period, greatest(p.spent, 0)
  from sums s cross join lateral (values
    (to_char(instant at time zone 'UTC', 'YYYYMMDD'), s.day), (to_char(instant at time zone 'UTC', 'YYYYMM'), s.month)) p (period, spent)
$$;
