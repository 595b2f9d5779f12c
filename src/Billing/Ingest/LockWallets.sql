-- Locks in organization order, so two shippers wait for each other instead of deadlocking.
select count(*) from (
  select from wallets where organization_id in (select organization_id from usage_stage) order by organization_id for update) locked
