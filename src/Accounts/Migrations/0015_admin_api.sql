-- Keys of the admin API. Stored is the MAC of the secret under a pepper. An owner made each; it ends when that person is no owner any more.
create table admin_keys (
  id uuid primary key,
  organization_id uuid not null references organizations (id) on delete restrict,
  public_id varchar(12) not null,
  name varchar(100) not null,
  mac varchar(44) not null,
  pepper_id varchar(32) not null,
  created_at timestamptz not null,
  created_by uuid not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  window_ends_at timestamptz not null default '-infinity',
  window_count integer not null default 0
);
create unique index admin_keys_public_id on admin_keys (public_id);
create index admin_keys_organization on admin_keys (organization_id, created_at);

-- Requests with an Idempotency-Key, for 24 hours. The name is a hash of the key; the answer is sealed, as it may hold a new key's text.
create table admin_requests (
  admin_key_id uuid not null references admin_keys (id) on delete restrict,
  name bytea not null,
  digest bytea not null,
  request_id uuid not null,
  at timestamptz not null,
  answer text,
  primary key (admin_key_id, name)
);
create index admin_requests_at on admin_requests (at);

-- A mail once a UTC month when the spend of an organization, or of one of its projects, reaches an amount.
create table spend_alerts (
  id uuid primary key,
  organization_id uuid not null references organizations (id) on delete restrict,
  project_id uuid,
  threshold_cents numeric(20, 4) not null check (threshold_cents >= 0),
  recipients text[] not null,
  subject_prefix varchar(100),
  created_at timestamptz not null,
  sent_month date,
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete restrict
);
create index spend_alerts_organization on spend_alerts (organization_id, project_id, created_at);

-- Projects that an invited person becomes a member of.
create table invitation_projects (
  invitation_id uuid not null references invitations (id) on delete cascade,
  project_id uuid not null references projects (id) on delete cascade,
  primary key (invitation_id, project_id)
);
create index invitation_projects_project on invitation_projects (project_id);

-- Whether an organization keeps no responses. A project that has not decided does the same.
alter table organization_policies add column keeps_no_responses boolean not null default false;
alter table projects add column decides_retention boolean not null default false;
update projects set decides_retention = true where not keeps_responses;
