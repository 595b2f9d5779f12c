-- Sign-in through an organization's own identity provider (OpenID Connect). The client secret is sealed by Data Protection.
create table identity_providers (
  organization_id uuid primary key references organizations (id) on delete restrict,
  issuer varchar(500) not null,
  client_id varchar(255) not null,
  sealed_secret text not null,
  allows_passwords boolean not null,
  creates_members boolean not null,
  new_member_role integer not null,
  changed_at timestamptz not null,
  -- The first sign-in through it with the present issuer, client and secret. Passwords are refused only afterwards.
  proved_at timestamptz,
  tested_at timestamptz,
  test_faults text[] not null,
  constraint identity_providers_role_check check (new_member_role between 2 and 4)
);

-- Domains of e-mail addresses. One that is captured belongs to one organization; several may try to prove it.
create table captured_domains (
  organization_id uuid not null references organizations (id) on delete restrict,
  domain varchar(253) not null,
  challenge varchar(64) not null,
  added_at timestamptz not null,
  captured_at timestamptz,
  -- The operator who approved it without a record in DNS.
  approved_by uuid,
  primary key (organization_id, domain),
  constraint captured_domains_lower_check check (domain = lower(domain))
);
create unique index captured_domains_owner on captured_domains (domain) where captured_at is not null;

-- A person at a provider. Issuer and subject never change; nothing else of what a provider states selects an account.
create table linked_identities (
  issuer varchar(500) not null,
  subject varchar(255) not null,
  user_id uuid not null references users (id) on delete cascade,
  linked_at timestamptz not null,
  last_used_at timestamptz not null,
  primary key (issuer, subject)
);
create unique index linked_identities_user on linked_identities (user_id, issuer);
