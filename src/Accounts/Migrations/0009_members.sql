-- Roles: 0 owner, 1 admin, 2 developer (was member), 3 reader (was viewer), 4 billing, 5 a custom role.
create table custom_roles (
  id uuid primary key,
  organization_id uuid not null references organizations (id) on delete restrict,
  name varchar(50) not null,
  permissions text[] not null,
  created_at timestamptz not null
);
create index custom_roles_organization on custom_roles (organization_id);

alter table memberships drop constraint memberships_role_check;
alter table memberships add constraint memberships_role_check check (role between 0 and 5);
alter table memberships add column custom_role_id uuid references custom_roles (id) on delete restrict;
alter table memberships add constraint memberships_custom_role_check check ((role = 5) = (custom_role_id is not null));
create index memberships_custom_role on memberships (custom_role_id);

-- An invitation belongs to an address. Its link is in the mail alone: stored is the SHA-256 of the token.
create table invitations (
  id uuid primary key,
  organization_id uuid not null references organizations (id) on delete restrict,
  email varchar(256) not null,
  normalized_email varchar(256) not null,
  role integer not null,
  custom_role_id uuid references custom_roles (id) on delete restrict,
  token_sha256 bytea not null,
  invited_by uuid not null,
  created_at timestamptz not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  constraint invitations_role_check check (role between 0 and 5),
  constraint invitations_custom_role_check check ((role = 5) = (custom_role_id is not null))
);
create unique index invitations_token on invitations (token_sha256);
create unique index invitations_open on invitations (organization_id, normalized_email) where accepted_at is null and revoked_at is null;
create index invitations_organization on invitations (organization_id, created_at);
create index invitations_address on invitations (normalized_email);
create index invitations_custom_role on invitations (custom_role_id);

-- What a session has selected. Without foreign keys: the membership decides on each request, and a choice that is gone falls back.
alter table sessions add column organization_id uuid;
alter table sessions add column project_id uuid;
