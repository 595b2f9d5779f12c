-- Requests of class batch pay a share of the price: 0 standard, 1 batch. Every new column has a default, so that rows of gateways and
-- workers of the version before can still be booked; partitions get the column from their parent.
alter table usage_events add column service_class smallint not null default 0;
alter table witness_entries add column service_class smallint not null default 0;
alter table price_versions
  add column batch_factor numeric(5,4) not null default 0.5 check (batch_factor between 0 and 1);

-- An hour has a row for each class. A Billing process of the version before cannot book into this key: gateways keep their usage until it
-- is replaced.
alter table usage_rollup_hours add column service_class smallint not null default 0;
alter table usage_rollup_hours drop constraint usage_rollup_hours_pkey;
alter table usage_rollup_hours add primary key (organization_id, hour, project_id, key_id, model, endpoint, service_class);

-- What units cost in a service class, dollars: exact for a standard request; for a batch the exact cost times the factor, once rounded up
-- to the last decimal of the ledger, 10^-12. UnitPrices.CostPicoUsd computes the same.
create function units_cost(
  input bigint, cached bigint, output bigint, reasoning bigint, audio_ms bigint, images bigint, pixels bigint, steps bigint,
  service_class smallint, prices price_versions)
returns numeric language sql immutable as $$
  select case service_class
    when 1 then
      ceil(units_cost(input, cached, output, reasoning, audio_ms, images, pixels, steps, prices) * prices.batch_factor * 1000000000000)
      * 0.000000000001
    else units_cost(input, cached, output, reasoning, audio_ms, images, pixels, steps, prices)
  end
$$;
