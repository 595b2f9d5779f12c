-- When the workers' logs had told what a retired journal lost. Until then the money of the epochs that it may have spent does not return.
alter table journals add column witnessed_at timestamptz;
update journals set witnessed_at = retired_at where retired_at is not null;

-- Whether every journal that counts has acknowledged an epoch of an organization, or a newer one: no request of an older epoch runs or is
-- unshipped. Retired and deregistered journals do not count.
create function fence_acknowledged(organization uuid, fence bigint) returns boolean language sql stable as $$
  select not exists (
    select from journals j
    where j.deregistered_at is null and j.retired_at is null
      and coalesce((select f.epoch from journal_fences f where f.organization_id = organization and f.journal_id = j.id), 0) < fence)
$$;

-- The same of the first epoch that was opened at or after an instant. True where none was: then no older one was open.
create function fence_since_acknowledged(organization uuid, since timestamptz) returns boolean language sql stable as $$
  select fence_acknowledged(
    organization, (select min(e.epoch) from lease_epochs e where e.organization_id = organization and e.opened_at >= since))
$$;

-- Whether the money of epochs before a fence may return: nothing can come any more that it would have to pay.
create function fence_complete(organization uuid, fence bigint) returns boolean language sql stable as $$
  select fence_acknowledged(organization, fence)
    and not exists (select from journals j where j.retired_at is not null and j.witnessed_at is null)
$$;
