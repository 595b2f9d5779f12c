-- Finds requests that only a worker's log contains: their journal was retired, and every journal that still counts has acknowledged an
-- epoch opened at or after the retirement. By then everything that other journals admitted before is booked, so a request without a row
-- was the retired journal's. $1 limit.
-- returns organization, request, attempt, model, units of each kind, when it was made, when it ended, price version, epoch, journal, class
select distinct on (e.organization_id, e.request_id)
  e.organization_id, e.request_id, e.attempt, e.model, e.input, e.cached, e.output, e.reasoning, e.audio_ms, e.images, e.pixels,
  e.steps, e.calls, e.elements,
  uuid7_time(e.request_id), e.at, p.version,
  coalesce((
    select max(l.epoch) from lease_epochs l
    where l.organization_id = e.organization_id and l.opened_at <= uuid7_time(e.request_id)), 0),
  j.id, e.service_class
from witness_entries e
join lateral (
  select j.id, j.retired_at from journals j
  where j.retired_at is not null and e.at <= j.retired_at and uuid7_time(e.request_id) >= j.registered_at - interval '1 hour'
  order by j.last_seen desc limit 1
) j on true
join lateral (
  -- Prefers an organization's own price to the list price.
  select p.version from price_versions p
  where p.model = e.model and (p.organization_id is null or p.organization_id = e.organization_id)
    and p.effective_from <= uuid7_time(e.request_id)
  order by p.organization_id nulls last, p.effective_from desc limit 1
) p on true
where not e.settled
  and not exists (select from usage_events u where u.organization_id = e.organization_id and u.request_id = e.request_id)
  and not exists (select from usage_rejected r where r.organization_id = e.organization_id and r.request_id = e.request_id)
  and exists (select from wallets w where w.organization_id = e.organization_id)
  and fence_since_acknowledged(e.organization_id, j.retired_at)
order by e.organization_id, e.request_id, e.attempt desc
limit $1
