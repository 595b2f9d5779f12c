-- Projects with members, models, a soft budget and an end; keys that belong to a person or to a service account.
alter table projects
  add column archived_at timestamptz,
  add column models_allowed text[],
  add column models_denied text[],
  add column soft_budget_nano_usd bigint check (soft_budget_nano_usd > 0),
  add constraint projects_default_stays check (not (is_default and archived_at is not null)),
  add constraint projects_of_organization unique (organization_id, id);

-- An archive is for good: keys that were refused must not work again, whatever code says so.
create function keep_archived() returns trigger language plpgsql as $$
begin
  raise exception 'project % is archived', old.id;
end $$;
create trigger projects_stay_archived before update on projects
  for each row when (old.archived_at is not null and new.archived_at is distinct from old.archived_at) execute function keep_archived();

-- Who may use a project beside those who manage all of them. Everybody may use the default one. Ends with the membership.
create table project_members (
  project_id uuid not null,
  user_id uuid not null,
  organization_id uuid not null,
  added_at timestamptz not null,
  primary key (project_id, user_id),
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete cascade,
  foreign key (organization_id, user_id) references memberships (organization_id, user_id) on delete cascade
);
create index project_members_membership on project_members (organization_id, user_id);
create index project_members_project on project_members (organization_id, project_id);

-- A program that calls models: its keys outlive whoever made them. Roles as those of members: 2 developer, 3 reader.
create table service_accounts (
  id uuid primary key,
  organization_id uuid not null,
  project_id uuid not null,
  name varchar(100) not null,
  role integer not null check (role in (2, 3)),
  created_at timestamptz not null,
  created_by uuid,
  deleted_at timestamptz,
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete restrict
);
create index service_accounts_project on service_accounts (organization_id, project_id, created_at);

-- A key belongs to a member or to a service account; to neither when the operator's command line made it. Until now whoever made a key
-- had it.
alter table api_keys add column owner_id uuid;
alter table api_keys add column service_account_id uuid references service_accounts (id) on delete restrict;
update api_keys set owner_id = created_by where created_by is not null;
alter table api_keys add constraint api_keys_one_owner check (owner_id is null or service_account_id is null);
create index api_keys_owner on api_keys (organization_id, owner_id);
create index api_keys_service_account on api_keys (service_account_id);
