-- The smallest UUIDv7 of an instant: request ids are partitioned by the day in them, so the primary key stays global.
create function uuid7_lower(instant timestamptz) returns uuid language sql immutable strict as $$
  select (lpad(to_hex((extract(epoch from instant) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Nothing here may refuse a row that the world can bring: no foreign key, no check, a partition for every id.
create table usage_events (
  organization_id uuid not null,
  request_id uuid not null,
  seq integer not null,
  project_id uuid not null,
  key_id uuid not null,
  model text not null,
  endpoint text not null,
  streamed boolean not null,
  attempt integer not null,
  price_version uuid not null,
  epoch bigint not null,
  input bigint not null,
  cached bigint not null,
  output bigint not null,
  reasoning bigint not null,
  audio_ms bigint not null,
  images bigint not null,
  delivered bigint not null,
  outcome smallint not null,
  source smallint not null,
  admitted_at timestamptz not null,
  finished_at timestamptz not null,
  amount numeric(24,12) not null,
  journal_id uuid not null,
  booked_at timestamptz not null,
  primary key (organization_id, request_id, seq)
) partition by range (request_id);
create table usage_events_default partition of usage_events default;

-- Makes the partitions of the days from..upto (UTC). Rows that came before their partition move out of the default one.
create function ensure_usage_partitions(first_day date, last_day date) returns integer language plpgsql as $$
declare
  wanted date;
  name text;
  made integer := 0;
  low uuid;
  high uuid;
begin
  perform pg_advisory_xact_lock(hashtext('tollgate usage partitions'));
  for wanted in select d::date from generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') d loop
    name := 'usage_events_' || to_char(wanted, 'YYYYMMDD');
    continue when to_regclass(name) is not null;
    low := uuid7_lower(wanted::timestamp at time zone 'UTC');
    high := uuid7_lower((wanted + 1)::timestamp at time zone 'UTC');
    execute format('create table %I (like usage_events including defaults)', name);
    execute format(
      'with moved as (delete from usage_events_default where request_id >= %L and request_id < %L returning *) '
      || 'insert into %I select * from moved',
      low, high, name);
    execute format('alter table usage_events attach partition %I for values from (%L) to (%L)', name, low, high);
    made := made + 1;
  end loop;
  return made;
end $$;
select ensure_usage_partitions(((now() at time zone 'UTC')::date - 1), ((now() at time zone 'UTC')::date + 7));

create table usage_rejected (
  organization_id uuid not null,
  request_id uuid not null,
  seq integer not null,
  reason text not null,
  event text not null,
  journal_id uuid not null,
  rejected_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (organization_id, request_id, seq)
);

create table usage_rollup_hours (
  organization_id uuid not null,
  hour timestamptz not null,
  project_id uuid not null,
  key_id uuid not null,
  model text not null,
  endpoint text not null,
  requests bigint not null,
  input bigint not null,
  cached bigint not null,
  output bigint not null,
  reasoning bigint not null,
  audio_ms bigint not null,
  images bigint not null,
  amount numeric(24,12) not null,
  primary key (organization_id, hour, project_id, key_id, model, endpoint)
) with (fillfactor = 70);
create index usage_rollup_hours_by_hour on usage_rollup_hours (hour);

-- A gateway's journal. While it is neither deregistered nor retired, money of an older epoch returns only after it acknowledged the fence.
create table journals (
  id uuid primary key,
  boot bigint not null,
  gateway_id text not null,
  cursor bigint not null default 0,
  registered_at timestamptz not null default now(),
  last_seen timestamptz not null default now(),
  deregistered_at timestamptz,
  retired_at timestamptz
) with (fillfactor = 50);

create table journal_fences (
  journal_id uuid not null,
  organization_id uuid not null,
  epoch bigint not null,
  acknowledged_at timestamptz not null default now(),
  primary key (organization_id, journal_id)
) with (fillfactor = 70);
