-- The version of the model that answered; null for rows of before, and of gateways and workers that do not state it. It changes no price.
-- Partitions get the column from their parent.
alter table usage_events add column model_version text;
