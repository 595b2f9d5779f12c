-- Workers that registered themselves. The operator's order to drain one outlives its restarts.
create table workers (
  id varchar(100) primary key,
  url varchar(300) not null,
  started_at timestamptz not null,
  last_heard timestamptz not null,
  status jsonb not null,
  drained boolean not null,
  left_at timestamptz,
  log_id uuid,
  log_end bigint
);
