-- Trainings on data that stays with its owners. The task is fixed when the training is made; every signature names its hash.
create table federated_jobs (
  organization_id uuid not null,
  project_id uuid not null,
  id uuid not null unique,
  key_id uuid not null,
  task text not null,
  status text not null check (status in ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
  error_code text,
  error text,
  round integer not null default 0,
  attempt integer not null default 0,
  phase text not null check (phase in ('join', 'keys', 'shares', 'masked', 'unmask')),
  phase_until timestamptz not null,
  -- The layer after the last whole round, float64 little-endian.
  weights bytea not null,
  -- Sum of the evaluation, float64 little-endian.
  counts bytea,
  -- Sums that were opened, or may have been: what epsilon counts.
  sums integer not null default 0,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (organization_id, project_id, id)
);
create index federated_jobs_due on federated_jobs (phase_until) where status in ('waiting', 'running');

-- Absent participants did not answer in time; they are not waited for until they answer again.
create table federated_participants (
  job_id uuid not null references federated_jobs (id),
  number integer not null,
  joined_at timestamptz,
  absent boolean not null default false,
  primary key (job_id, number)
);

-- Messages of the attempt that runs; they are deleted when it ends. A vector in here is under masks that the service cannot take off alone.
create table federated_messages (
  job_id uuid not null references federated_jobs (id),
  round integer not null,
  attempt integer not null,
  phase text not null,
  participant integer not null,
  payload bytea not null,
  signature bytea not null,
  primary key (job_id, round, attempt, phase, participant)
);

-- Rounds that ended with a sum, and whose vectors are in it.
create table federated_rounds (
  job_id uuid not null references federated_jobs (id),
  round integer not null,
  attempts integer not null,
  members integer[] not null,
  ended_at timestamptz not null,
  primary key (job_id, round)
);
