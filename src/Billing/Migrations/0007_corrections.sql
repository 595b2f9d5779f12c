-- What units cost under a price version, dollars. A product keeps every decimal; a quotient would not.
create function units_cost(
  input bigint, cached bigint, output bigint, reasoning bigint, audio_ms bigint, images bigint, prices price_versions)
returns numeric language sql immutable as $$
  select (input * prices.input + cached * prices.cached + output * prices.output + reasoning * prices.reasoning
    + audio_ms * prices.audio_ms + images * prices.image) * 0.000001
$$;

-- Rows booked from a worker's log: few, and looked for among all when a gateway brings what is booked already.
create index usage_events_by_worker on usage_events (organization_id, request_id) where source = 2 and seq = 0;

-- Requests that the epoch's lease paid for: a till rounds each of them up to a whole nano-dollar.
alter table lease_epochs add column requests bigint not null default 0;
update lease_epochs e set requests = (
  select count(*) from usage_events u where u.organization_id = e.organization_id and u.epoch = e.epoch and u.amount > 0)
where closed_at is null;

-- The till of each open epoch as a gateway saw it last. billed_before: what was billed of the epoch when the report before this one came, so
-- that all of it had been admitted when this one was made. check_spent: the spend that R1 will look for in the books next.
create table till_reports (
  organization_id uuid primary key,
  epoch bigint not null,
  spent numeric(24,12) not null,
  held numeric(24,12) not null,
  billed numeric(24,12) not null,
  billed_before numeric(24,12) not null,
  reported_at timestamptz not null,
  check_spent numeric(24,12),
  check_at timestamptz
) with (fillfactor = 70);
