-- Sessions live here; a browser's cookie holds only a random ticket, of which this table has the SHA-256. A session counts while its
-- security stamp is the user's: a new password changes the stamp and so ends all of them.
create table sessions (
  id uuid primary key,
  ticket_sha256 bytea not null,
  user_id uuid not null references users (id) on delete cascade,
  security_stamp text not null,
  remembered boolean not null,
  source varchar(60) not null,
  browser varchar(200) not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  idle_ends_at timestamptz not null,
  ends_at timestamptz not null,
  ended_at timestamptz
);
create unique index sessions_ticket on sessions (ticket_sha256);
create index sessions_user on sessions (user_id, source);

-- What credential forms are counted by. The subject is a hash of what is counted, such as a client's network.
create table credential_counts (
  subject bytea primary key,
  count integer not null,
  blocked_until timestamptz,
  expires_at timestamptz not null
);
create index credential_counts_expired on credential_counts (expires_at);

-- 4: sign-ups, 5: requests for a new password. The page only writes the message, so it does the same for any address.
alter table outbox drop constraint outbox_kind_check;
alter table outbox add constraint outbox_kind_check check (kind between 0 and 5);

-- Data Protection's keys are sealed from now on. Those that lie here unsealed may be in a backup: they end, and with them the old cookies
-- and the links of mails that wait; both can be asked for again.
delete from data_protection_keys;
delete from outbox where kind = 3;
