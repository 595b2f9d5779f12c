-- Checks: balances = sums of entries; wallet = its account; leased = open leases; granted = leases; revenue = rollups. $1 and $2 are not
-- used.
-- returns organizations checked, those that differ, the first.
with entries as (
  select organization_id, account, sum(amount) as amount from ledger_entries group by 1, 2
), accounts as (
  select organization_id, bool_and(a.balance is not distinct from e.amount) as same
  from ledger_accounts a full join entries e using (organization_id, account) group by 1
), revenue as (
  select organization_id, sum(amount) as amount from usage_rollup_hours group by 1
), opened as (
  select organization_id, sum(granted - billed - returned) as amount, sum(granted) as granted from lease_epochs group by 1
), leased as (
  select organization_id, sum(amount) as amount from leases group by 1
), cells as (
  select organization_id, coalesce(a.same, true)
    and coalesce(w.balance, 0) = coalesce((select amount from entries e where e.organization_id = organization_id.organization_id
      and account = 'wallet'), 0)
    and coalesce(w.leased, 0) = coalesce(o.amount, 0)
    and coalesce(o.granted, 0) = coalesce(l.amount, 0)
    and coalesce(r.amount, 0) = coalesce((select amount from entries e where e.organization_id = organization_id.organization_id
      and account = 'revenue'), 0)
    as same
  from (select organization_id from wallets union select organization_id from ledger_accounts union select organization_id
    from usage_rollup_hours)
    organization_id
  left join wallets w using (organization_id) left join accounts a using (organization_id) left join revenue r using (organization_id)
  left join opened o using (organization_id) left join leased l using (organization_id)
)
select count(*), count(*) filter (where not same), min(organization_id::text) filter (where not same) from cells
