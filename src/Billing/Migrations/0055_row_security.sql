-- Row-level security, the second belt under the conditions of each query. A session sees and writes rows of the organization in its
-- setting tollgate.organization, rows of everybody with 'all', and of nobody without it (OrganizationScope). Forced, because the service's
-- role owns the tables.
create function sees_all() returns boolean language sql stable parallel safe as $$
  select current_setting('tollgate.organization', true) = 'all'
$$;

-- Null where the session has no organization.
create function seen_organization() returns uuid language sql stable parallel safe as $$
  select nullif(nullif(current_setting('tollgate.organization', true), ''), 'all')::uuid
$$;

-- Protects a table. `owned` is the condition on a row of the session's organization. Both functions are called once a query, not once a
-- row.
create function protect_rows(target regclass, owned text default 'organization_id = (select seen_organization())')
returns void language plpgsql set search_path from current as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy of_organization on %s using ((select sees_all()) or %s)', target, owned);
end $$;

select protect_rows(name::regclass) from unnest(array[
  'wallets', 'lease_epochs', 'leases', 'till_reports', 'ledger_accounts', 'ledger_transactions', 'ledger_entries', 'statement_days',
  'welcome_credits', 'welcome_credits_withheld', 'checkouts', 'usage_events', 'usage_rejected', 'usage_rollup_hours', 'journal_fences',
  'witness_entries', 'reconciliation_differences', 'idempotent_answers', 'withdrawn_answers']) name;

-- Policies of a partitioned table do not apply to who names a partition.
select protect_rows(inhrelid::regclass) from pg_inherits where inhparent in ('usage_events'::regclass, 'idempotent_answers'::regclass);

-- List prices (organization_id null) are everybody's to read. Nobody sets a price for itself.
alter table price_versions enable row level security;
alter table price_versions force row level security;
create policy of_organization on price_versions for select
  using ((select sees_all()) or organization_id is null or organization_id = (select seen_organization()));
create policy set_by_operator on price_versions using ((select sees_all()));

-- As before, and new partitions are protected.
create or replace function ensure_usage_partitions(first_day date, last_day date) returns integer language plpgsql as $$
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
    perform protect_rows(name::regclass);
    execute format(
      'with moved as (delete from usage_events_default where request_id >= %L and request_id < %L returning *) '
      || 'insert into %I select * from moved',
      low, high, name);
    execute format('alter table usage_events attach partition %I for values from (%L) to (%L)', name, low, high);
    made := made + 1;
  end loop;
  return made;
end $$;

create or replace function roll_answer_partitions(first_day date, last_day date) returns integer
language plpgsql set lock_timeout = '2s' as $$
declare
  wanted date;
  name text;
  changed integer := 0;
begin
  perform pg_advisory_xact_lock(hashtext('tollgate answer partitions'));
  for wanted in select d::date from generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') d loop
    name := 'idempotent_answers_' || to_char(wanted, 'YYYYMMDD');
    continue when to_regclass(name) is not null;
    execute format('create table %I partition of idempotent_answers for values from (%L) to (%L)', name, wanted, wanted + 1);
    perform protect_rows(name::regclass);
    changed := changed + 1;
  end loop;
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'idempotent_answers'::regclass and c.relname < 'idempotent_answers_' || to_char(first_day, 'YYYYMMDD')
  loop
    execute format('drop table %I', name);
    changed := changed + 1;
  end loop;
  return changed;
end $$;
