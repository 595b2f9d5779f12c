-- Two more kinds of units: calls of models with tensors, and the elements of these. Every new column has a default, so that processes of
-- the version before can still write; partitions get the columns from their parent.
alter table usage_events add column calls bigint not null default 0, add column elements bigint not null default 0;
alter table usage_rollup_hours add column calls bigint not null default 0, add column elements bigint not null default 0;
alter table witness_entries add column calls bigint not null default 0, add column elements bigint not null default 0;
alter table price_versions
  add column call numeric(18,6) not null default 0 check (call >= 0), add column element numeric(18,6) not null default 0
    check (element >= 0);

-- What units cost in a service class, dollars: exact for a standard request; for a batch the exact cost times the factor, once rounded up
-- to the last decimal of the ledger, 10^-12. UnitPrices.CostPicoUsd computes the same. The functions of fewer kinds stay for processes of
-- the versions before.
create function units_cost(
  input bigint, cached bigint, output bigint, reasoning bigint, audio_ms bigint, images bigint, pixels bigint, steps bigint,
  calls bigint, elements bigint, service_class smallint, prices price_versions)
returns numeric language sql immutable as $$
  select case service_class when 1 then ceil(whole * prices.batch_factor * 1000000000000) * 0.000000000001 else whole end
  from (
    select units_cost(input, cached, output, reasoning, audio_ms, images, pixels, steps, prices)
      + (calls * prices.call + elements * prices.element) * 0.000001 as whole) cost
$$;
