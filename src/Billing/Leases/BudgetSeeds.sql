-- Where each budget starts in a new epoch: billed in the period, plus all that older epochs may still bill. $1 organization, $2 now,
-- $3 the new epoch. Subjects without a row yet are covered by '*'.
with older as (
  select coalesce(sum(granted - billed - returned), 0) as open
  from lease_epochs where organization_id = $1 and epoch < $3 and closed_at is null
), rows as (
  select project_id, key_id, amount, hour >= date_trunc('day', $2::timestamptz, 'UTC') as today
  from usage_rollup_hours
  where organization_id = $1 and hour >= date_trunc('month', $2::timestamptz, 'UTC')
), subjects as (
  select 'o' as subject, coalesce(sum(amount), 0) as month, coalesce(sum(amount) filter (where today), 0) as day from rows
  union all
  select 'p:' || replace(project_id::text, '-', ''), sum(amount), coalesce(sum(amount) filter (where today), 0) from rows
    group by project_id
  union all
  select 'k:' || replace(key_id::text, '-', ''), sum(amount), coalesce(sum(amount) filter (where today), 0) from rows group by key_id
  union all
  select '*', 0, 0
)
select s.subject, p.period, ceil((p.spent + o.open) * 1000000000)::bigint
from subjects s cross join older o
cross join lateral (values
  (to_char($2::timestamptz at time zone 'UTC', 'YYYYMMDD'), s.day), (to_char($2::timestamptz at time zone 'UTC', 'YYYYMM'),
    s.month)) p (period, spent)
where p.spent + o.open > 0
order by 1, 2
