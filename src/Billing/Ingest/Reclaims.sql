-- Epochs whose budgets no gateway has lowered yet by what older epochs gave back.
select e.organization_id, e.epoch, floor(e.reclaimed * 1000000000)::bigint
from lease_epochs e join wallets w on w.organization_id = e.organization_id and w.epoch = e.epoch
where not e.budgets_lowered
order by e.organization_id
limit 1000
