-- Two more kinds of units: pixels of pictures, and steps of denoisers. Every new column has a default, so that processes of the version
-- before can still write; partitions get the columns from their parent.
alter table usage_events add column pixels bigint not null default 0, add column steps bigint not null default 0;
alter table usage_rollup_hours add column pixels bigint not null default 0, add column steps bigint not null default 0;
alter table witness_entries add column pixels bigint not null default 0, add column steps bigint not null default 0;
alter table price_versions
  add column pixel numeric(18,6) not null default 0 check (pixel >= 0), add column step numeric(18,6) not null default 0 check (step >= 0);

-- What units cost under a price version, dollars. The function of six kinds stays for processes of the version before.
create function units_cost(
  input bigint, cached bigint, output bigint, reasoning bigint, audio_ms bigint, images bigint, pixels bigint, steps bigint,
  prices price_versions)
returns numeric language sql immutable as $$
  select (input * prices.input + cached * prices.cached + output * prices.output + reasoning * prices.reasoning
    + audio_ms * prices.audio_ms + images * prices.image + pixels * prices.pixel + steps * prices.step) * 0.000001
$$;
