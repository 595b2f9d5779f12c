-- What the operator wants of a model's versions. A running canary holds the plan: nothing else changes it.
create table model_plans (
  model varchar(100) primary key,
  unloaded boolean not null,
  versions jsonb not null,
  canary_id uuid,
  changed_at timestamptz not null
);

-- Running canaries and the history of the others.
create table canaries (
  id uuid primary key,
  model varchar(100) not null,
  version varchar(100) not null,
  old_version varchar(100) not null,
  terms jsonb not null,
  state integer not null,
  share integer not null,
  started_at timestamptz not null,
  window_began_at timestamptz not null,
  ended_at timestamptz,
  reason varchar(1000),
  events jsonb not null
);
create unique index on canaries (model) where state = 0;
create index on canaries (model, started_at);

-- How versions did since their model's plan changed last, as gateways report it. Without a foreign key, so that a report waits for no
-- change of a plan.
create table version_measures (
  model varchar(100) not null,
  version varchar(100) not null,
  shadow boolean not null,
  since timestamptz not null,
  requests bigint not null,
  failures bigint not null,
  durations bigint[] not null,
  primary key (model, version, shadow)
);

-- The last report that each gateway's boot has brought: what arrives twice counts once.
create table version_reports (
  gateway uuid not null,
  boot bigint not null,
  sequence bigint not null,
  taken_at timestamptz not null,
  primary key (gateway, boot)
);
