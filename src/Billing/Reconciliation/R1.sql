-- Compares the tills' counts in Redis with the bills of the same epoch. Skips closed epochs: their fences are a stronger proof. A
-- till's spend and holds cover everything billed before they were read. Everything spent ten minutes ago is billed by now, except the
-- fraction of a nano-dollar by which a till rounds each request up. $1 and $2 are not used.
-- returns tills checked, differences, the first.
with opened as (
  select r.organization_id, r.epoch, r.spent, r.held, r.billed_before, r.check_spent, e.billed, e.requests,
    r.check_at < now() - interval '10 minutes' as due
  from till_reports r join lease_epochs e using (organization_id, epoch)
  where e.closed_at is null
), judged as (
  select organization_id, epoch, 'billed_above_till' as kind, 'billing' as owner, billed_before > spent + held as differs,
    format('epoch %s: billed %s of %s spent and %s held', epoch, billed_before, spent, held) as detail
  from opened
  union all
  select organization_id, epoch, 'spent_unbilled', 'gateway', check_spent > billed + requests * 0.000000001,
    format('epoch %s: spent %s, billed %s for %s requests', epoch, check_spent, billed, requests)
  from opened where due
), checked as (
  update till_reports r set check_spent = null, check_at = null
  from opened o
  where o.due and r.organization_id = o.organization_id and r.epoch = o.epoch
), found as (
  insert into reconciliation_differences as d (name, kind, organization_id, request_id, owner, detail)
  select 'R1', kind, organization_id, '00000000-0000-0000-0000-000000000000', owner, detail from judged where differs
  on conflict (name, kind, organization_id, request_id) do update set
    detail = excluded.detail, resolved_at = null, found_at = case when d.resolved_at is null then d.found_at else now() end
), resolved as (
  update reconciliation_differences d set resolved_at = now()
  where d.name = 'R1' and d.resolved_at is null and (
    exists (select from judged j where j.organization_id = d.organization_id and j.kind = d.kind and not j.differs)
    or not exists (select from opened o where o.organization_id = d.organization_id))
)
select (select count(*) from opened), count(*), min(organization_id::text || ' ' || kind) from judged where differs
