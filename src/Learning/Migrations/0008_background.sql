-- Responses in the background. Until one has ended its content also has the request, as the client sent it.
alter table responses
  add column background boolean not null default false,
  -- Of the request that came with an Idempotency-Key: whether a later one with the same key is the same request.
  add column fingerprint text,
  -- The request whose usage row it has; null until it is answered.
  add column request_id uuid;

-- Those that wait or run. A row goes when its response has ended, is cancelled or deleted: what a process writes that has lost its row does
-- not count.
create table response_runs (
  id uuid primary key references responses (id) on delete cascade,
  organization_id uuid not null,
  project_id uuid not null,
  key_id uuid not null,
  key_public_id text not null,
  created_at timestamptz not null,
  -- Not before.
  due_at timestamptz not null,
  -- Calls so far, counted before each, and those of them that ended with a fault of the server's.
  tries int not null default 0,
  faults int not null default 0,
  runner uuid,
  runner_until timestamptz
);
create index response_runs_of_organization on response_runs (organization_id);
