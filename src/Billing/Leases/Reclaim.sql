-- Returns the money of an organization's older epochs to its wallet after the wallet's fence is complete.
-- The caller holds the wallet's row lock. $1 organization, $2 minimum duration of the seal after a restore.
-- returns the dollars that came back; no row while the fence is incomplete.
with fence as (
  select w.organization_id, w.fence_epoch
  from wallets w
  where w.organization_id = $1 and w.fence_epoch is not null
    and (w.sealed_at is null or w.sealed_at + $2 <= now())
    and fence_complete($1, w.fence_epoch)
), closing as (
  select e.organization_id, e.epoch, e.granted - e.billed - e.returned as open
  from lease_epochs e join fence using (organization_id)
  where e.epoch < fence.fence_epoch and e.closed_at is null
), closed as (
  update lease_epochs e set returned = e.returned + c.open, closed_at = now()
  from closing c
  where e.organization_id = c.organization_id and e.epoch = c.epoch
), told as (
  -- The till's budgets were seeded as if all this money had been spent; this schedules their correction.
  update lease_epochs e set reclaimed = e.reclaimed + (select coalesce(sum(open), 0) from closing), budgets_lowered = false
  from fence
  where e.organization_id = fence.organization_id and e.epoch = fence.fence_epoch and e.seeded_at is not null
)
update wallets w set leased = w.leased - (select coalesce(sum(open), 0) from closing), fence_epoch = null, sealed_at = null
from fence
where w.organization_id = fence.organization_id
returning (select coalesce(sum(open), 0) from closing)
