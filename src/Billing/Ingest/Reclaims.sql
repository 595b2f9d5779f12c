-- Lists the newest epochs whose budgets no gateway has lowered to what older epochs really billed.
-- returns organization, epoch, nano-dollars that came back; subject, period, nano-dollars billed by older epochs
with due as (
  select e.organization_id, e.epoch, e.seeded_at, floor(e.reclaimed * 1000000000)::bigint as reclaimed
  from lease_epochs e join wallets w on w.organization_id = e.organization_id and w.epoch = e.epoch
  where not e.budgets_lowered and e.seeded_at is not null
  order by e.organization_id
  limit 100
)
select d.organization_id, d.epoch, d.reclaimed, b.subject, b.period, ceil(b.spent * 1000000000)::bigint
from due d cross join lateral billed_by_subject(d.organization_id, d.seeded_at, d.epoch) b
order by 1, 2
