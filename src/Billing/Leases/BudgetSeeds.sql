-- Seeds of the budgets in a new epoch: the amount billed in the period plus everything that older epochs may still bill. $1 organization,
-- $2 now, $3 the new epoch. Subject '*' covers subjects without usage.
with older as (
  select coalesce(sum(granted - billed - returned), 0) as open
  from lease_epochs where organization_id = $1 and epoch < $3 and closed_at is null
)
select b.subject, b.period, ceil((b.spent + o.open) * 1000000000)::bigint
from older o cross join billed_by_subject($1, $2, null) b
order by 1, 2
