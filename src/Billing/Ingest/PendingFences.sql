-- Lists the fences that a journal has not acknowledged. $1 journal.
select w.organization_id, w.fence_epoch
from wallets w
where w.fence_epoch is not null
  and not exists (
    select from journal_fences f where f.organization_id = w.organization_id and f.journal_id = $1 and f.epoch >= w.fence_epoch)
order by w.organization_id
limit 1000
