-- Marks the epochs whose budgets a gateway has lowered. $1 organizations, $2 epochs, $3 nano-dollars lowered in all. An epoch stays
-- unmarked if more money has come back since. Skips locked rows: another gateway may mark the same epochs in another order, and one of the
-- two is enough.
with done as (
  select e.organization_id, e.epoch
  from lease_epochs e join unnest($1::uuid[], $2::bigint[], $3::bigint[]) l (organization_id, epoch, nano) using (organization_id, epoch)
  where not e.budgets_lowered and floor(e.reclaimed * 1000000000) <= l.nano
  for update of e skip locked
)
update lease_epochs e set budgets_lowered = true
from done
where e.organization_id = done.organization_id and e.epoch = done.epoch
