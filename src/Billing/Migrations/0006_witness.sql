-- The instant in a UUIDv7, milliseconds.
create function uuid7_time(id uuid) returns timestamptz language sql immutable strict as $$
  select to_timestamp(('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint / 1000.0)
$$;

-- How far each worker's own log was read. A worker whose log was lost begins another one.
create table witness_logs (
  log_id uuid primary key,
  worker text not null,
  cursor bigint not null default 0,
  read_at timestamptz not null default now()
);

-- What workers say they generated. `settled` once it was compared with the usage row of its request.
create table witness_entries (
  organization_id uuid not null,
  request_id uuid not null,
  attempt integer not null,
  log_id uuid not null,
  model text not null,
  input bigint not null,
  cached bigint not null,
  output bigint not null,
  reasoning bigint not null,
  audio_ms bigint not null,
  images bigint not null,
  at timestamptz not null,
  read_at timestamptz not null default now(),
  settled boolean not null default false,
  primary key (organization_id, request_id, attempt, log_id)
) with (fillfactor = 80);
create index witness_entries_pending on witness_entries (at) where not settled;
create index witness_entries_read on witness_entries using brin (read_at);

-- Requests on which two books do not agree: `owner` is the part whose record is missing or wrong, the age is that of found_at.
create table reconciliation_differences (
  name text not null,
  kind text not null,
  organization_id uuid not null,
  request_id uuid not null,
  owner text not null,
  detail text not null,
  found_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (name, kind, organization_id, request_id)
);
create index reconciliation_differences_open on reconciliation_differences (found_at) where resolved_at is null;
