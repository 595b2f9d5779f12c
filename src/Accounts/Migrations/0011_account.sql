-- When a session last proved a factor: at its start, and each time the person confirms before a change.
alter table sessions add column authenticated_at timestamptz;
update sessions set authenticated_at = created_at;
alter table sessions alter column authenticated_at set not null;

-- One authenticator app for each user. The secret is sealed with Data Protection. It counts once it is confirmed. last_step is the
-- 30-second step of the newest code that was accepted; a code of that step or an earlier one is refused.
create table authenticator_apps (
  user_id uuid primary key references users (id) on delete cascade,
  sealed_secret text not null,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  last_step bigint not null
);

-- Recovery codes: ten a user, each for one use. Stored is the SHA-256.
create table recovery_codes (
  user_id uuid not null references users (id) on delete cascade,
  code_sha256 bytea not null,
  used_at timestamptz,
  primary key (user_id, code_sha256)
);

-- Passkeys as ASP.NET Core Identity keeps them.
create table user_passkeys (
  credential_id bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  data jsonb not null
);
create index user_passkeys_user on user_passkeys (user_id);

-- Changes of an e-mail address. Links in mails name a row and the address that they were mailed to, sealed.
create table email_changes (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  old_email varchar(256) not null,
  new_email varchar(256) not null,
  requested_at timestamptz not null,
  confirmed_at timestamptz,
  ended_at timestamptz
);
create index email_changes_user on email_changes (user_id);
