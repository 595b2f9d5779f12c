-- Fine-tuning jobs. A job belongs to one process at a time (runner until runner_until); what another one writes is refused.
create table jobs (
  organization_id uuid not null,
  project_id uuid not null,
  id uuid not null unique,
  key_id uuid not null,
  key_public_id text not null,
  model text not null,
  training_file_id uuid not null,
  validation_file_id uuid,
  -- What trainers get (TrainingNumbers as JSON).
  numbers text not null,
  budget_usd numeric(24,12),
  suffix text,
  metadata text,
  status text not null check (
    status in ('validating_files', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
  -- TrainingPlan as JSON, once a trainer has made it.
  plan text,
  error text,
  fine_tuned_model text,
  result_file_id uuid,
  -- Number of the newest run; each run is one request.
  runs integer not null default 0,
  -- Trainer that has the job's checkpoints, and when it was last heard.
  trainer text,
  trainer_seen_at timestamptz,
  -- Trained tokens that runs were billed for, and those of the newest checkpoint or event.
  paid_tokens bigint not null default 0,
  trained_tokens bigint not null default 0,
  stage text,
  step bigint,
  steps bigint,
  estimated_finish timestamptz,
  -- Calls that failed in a row, runs in a row that ended early without getting further, and when the next one may begin.
  tries integer not null default 0,
  faults integer not null default 0,
  due_at timestamptz not null default '-infinity',
  -- When the job last got a place: organizations take turns.
  turn_at timestamptz,
  cost numeric(24,12),
  cost_due timestamptz not null default '-infinity',
  created_at timestamptz not null,
  paused_at timestamptz,
  finished_at timestamptz,
  runner uuid,
  runner_until timestamptz,
  primary key (organization_id, project_id, id),
  constraint ended_at_a_time check ((status in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint succeeded_with_model check ((status = 'succeeded') = (fine_tuned_model is not null)),
  constraint failed_with_error check ((status = 'failed') = (error is not null))
);
create index jobs_live on jobs (organization_id) where status in ('validating_files', 'queued', 'running', 'paused');
create index jobs_unpriced on jobs (cost_due) where cost is null and status in ('succeeded', 'failed', 'cancelled');

-- The requests of a job at the gateway. One that was not answered has a usage row only where it was admitted all the same.
create table job_runs (
  job_id uuid not null references jobs (id),
  number integer not null,
  started_at timestamptz not null,
  request_id uuid not null unique,
  answered boolean not null default false,
  primary key (job_id, number)
);

create table job_events (
  job_id uuid not null references jobs (id),
  number integer not null,
  id uuid not null unique,
  created_at timestamptz not null,
  level text not null check (level in ('info', 'warn', 'error')),
  type text not null check (type in ('message', 'metrics')),
  message text not null,
  data text,
  primary key (job_id, number)
);

create table job_checkpoints (
  job_id uuid not null references jobs (id),
  step bigint not null,
  id uuid not null unique,
  created_at timestamptz not null,
  train_loss double precision,
  valid_loss double precision,
  accuracy double precision,
  primary key (job_id, step)
);

-- Models that trainers left before their last event, sealed like files.
create table job_results (
  job_id uuid primary key references jobs (id),
  labels text not null,
  evaluation text not null,
  bytes bigint not null,
  sha256 text not null,
  blob_id uuid not null unique,
  wrapped_key bytea not null,
  created_at timestamptz not null
);

-- Trained models. Nothing serves one before it is deployed.
create table tuned_models (
  name text primary key,
  organization_id uuid not null,
  project_id uuid not null,
  base_model text not null,
  job_id uuid not null unique references jobs (id),
  suffix text,
  method text not null,
  labels text not null,
  blob_id uuid not null,
  wrapped_key bytea not null,
  bytes bigint not null,
  sha256 text not null,
  evaluation text not null,
  accuracy double precision not null,
  macro_f1 double precision not null,
  created_at timestamptz not null,
  deleted_at timestamptz
);
create index tuned_models_of on tuned_models (organization_id, project_id) where deleted_at is null;
