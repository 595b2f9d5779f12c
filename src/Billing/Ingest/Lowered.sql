-- A gateway has lowered the budgets of epochs. $1 organizations, $2 epochs, $3 by how much in all, nano-dollars; what came back since is told again.
-- Another gateway may say the same in another order at this moment: then one of the two is enough.
with done as (
  select e.organization_id, e.epoch
  from lease_epochs e join unnest($1::uuid[], $2::bigint[], $3::bigint[]) l (organization_id, epoch, nano) using (organization_id, epoch)
  where not e.budgets_lowered and floor(e.reclaimed * 1000000000) <= l.nano
  for update of e skip locked
)
update lease_epochs e set budgets_lowered = true
from done
where e.organization_id = done.organization_id and e.epoch = done.epoch
