-- Epochs whose budgets may be lowered: told for ten minutes, to whoever ships.
select e.organization_id, e.epoch, floor(e.reclaimed * 1000000000)::bigint
from lease_epochs e join wallets w on w.organization_id = e.organization_id and w.epoch = e.epoch
where e.reclaimed > 0 and e.reclaimed_at > now() - interval '10 minutes'
order by e.reclaimed_at
limit 1000
