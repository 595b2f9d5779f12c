-- When keys were used and how their rotations go, as gateways report it every few seconds. Apart from the keys, and without a foreign key
-- to them, so that a report waits for no change of a key, and no change for a report.
create table key_uses (
  key_id uuid primary key,
  last_used_at timestamptz not null
);
insert into key_uses (key_id, last_used_at) select id, last_used_at from api_keys where last_used_at is not null;
alter table api_keys drop column last_used_at;

-- One row a rotation. The end that was chosen for the overlap names it: the old secret carries it wherever it goes.
create table key_rotations (
  key_id uuid not null,
  overlap_ends_at timestamptz not null,
  rotated_at timestamptz not null,
  old_secret_ended_at timestamptz,
  old_secret_calls bigint not null,
  old_secret_used_at timestamptz,
  primary key (key_id, overlap_ends_at)
);

-- The last batch that each gateway's boot has brought: what arrives twice counts once.
create table key_use_batches (
  boot uuid primary key,
  sequence bigint not null,
  taken_at timestamptz not null
);
