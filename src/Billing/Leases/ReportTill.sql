-- Stores a till's spent and held amounts, and what was billed of its epoch at the previous report; see R1. Ignores an older report that
-- arrives late. The caller holds the wallet's row lock. $1 organization, $2 epoch, $3 spent, $4 held, $5 now.
insert into till_reports as r (organization_id, epoch, spent, held, billed, billed_before, reported_at, check_spent, check_at)
select e.organization_id, e.epoch, $3, $4, e.billed, 0, $5, $3, $5
from lease_epochs e where e.organization_id = $1 and e.epoch = $2
on conflict (organization_id) do update set
  epoch = excluded.epoch, spent = excluded.spent, held = excluded.held, billed = excluded.billed,
  billed_before = case when r.epoch = excluded.epoch then r.billed else 0 end, reported_at = excluded.reported_at,
  check_spent = case when r.epoch = excluded.epoch then coalesce(r.check_spent, excluded.spent) else excluded.spent end,
  check_at = case when r.epoch = excluded.epoch then coalesce(r.check_at, excluded.check_at) else excluded.check_at end
where r.epoch < excluded.epoch or (r.epoch = excluded.epoch and r.spent <= excluded.spent)
