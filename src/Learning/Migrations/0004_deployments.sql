-- Names of projects for trained models. A name points at next_model only when a worker has it ready; previous_model stays installed.
create table deployments (
  organization_id uuid not null,
  project_id uuid not null,
  name text not null,
  -- Null until the first model is ready.
  model text references tuned_models (name),
  next_model text references tuned_models (name),
  previous_model text references tuned_models (name),
  -- The least value of a metric that a model of this name has.
  metric text check (metric in ('accuracy', 'macro_f1', 'roc_auc')),
  threshold numeric check (threshold between 0 and 1),
  created_at timestamptz not null,
  switched_at timestamptz,
  primary key (organization_id, project_id, name),
  constraint points_somewhere check (model is not null or next_model is not null),
  constraint minimum_is_whole check ((metric is null) = (threshold is null))
);
create index deployments_deploying on deployments (name) where next_model is not null;

-- What stays of a deleted model: its row as the receipt, without key, labels and evaluation.
alter table tuned_models
  alter column wrapped_key drop not null,
  add column deleted_by uuid,
  add column receipt_key text,
  add column receipt_mac bytea,
  add constraint deleted_without_key check ((deleted_at is null) = (wrapped_key is not null)),
  add constraint deleted_with_receipt check ((deleted_at is null) = (receipt_mac is null) and (deleted_at is null) = (deleted_by is null));
