create table reconciliation_runs (
  id uuid primary key,
  name text not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  checked bigint not null,
  differences bigint not null,
  detail text
);
create index reconciliation_runs_at on reconciliation_runs (name, started_at desc);

-- Which database this is: its cluster, its timeline, and a generation that changes with every restore that was noticed.
create table database_identity (
  singleton boolean primary key default true check (singleton),
  cluster text not null,
  generation uuid not null,
  -- Rises every second while Billing runs. A process that saw a greater one committed knows that the database is an older one.
  beat bigint not null default 0,
  noticed_at timestamptz not null default now()
);

-- System identifier and timeline, such as 7445012345678901234/00000001. Both are readable by every role of a stock Postgres; where an
-- administrator took the first away, the timeline alone still tells a recovery to a point in time.
create function cluster_identity() returns text language plpgsql as $$
declare
  system text;
begin
  begin
    select system_identifier::text into system from pg_control_system();
  exception when insufficient_privilege then
    system := 'unknown';
  end;
  return system || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);
end $$;

insert into database_identity (cluster, generation) values (cluster_identity(), gen_random_uuid());
