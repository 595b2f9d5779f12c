-- Checks that every ledger transaction from $1 to $2 has at least two entries and that they sum to zero.
-- returns transactions checked, those that differ, the first.
with recent as (
  select t.organization_id, t.id, sum(e.amount) as total, count(e.account) as entries
  from ledger_transactions t left join ledger_entries e on e.organization_id = t.organization_id and e.transaction_id = t.id
  where t.at >= $1 and t.at < $2
  group by 1, 2
)
select count(*), count(*) filter (where total is distinct from 0 or entries < 2),
  min(organization_id::text || ' ' || id::text) filter (where total is distinct from 0 or entries < 2)
from recent
