-- Answers of requests with an Idempotency-Key, sealed by the gateway: nobody who reads this table can read them. A key's hash is the
-- gateway's too. Whoever keeps first wins; the day is in the key because a partition is dropped whole when all in it is past its time.
create table idempotent_answers (
  organization_id uuid not null,
  key_id uuid not null,
  key_hash bytea not null,
  day date not null,
  request_id uuid not null,
  sealed bytea not null,
  kept_at timestamptz not null,
  primary key (organization_id, key_id, key_hash, day)
) partition by range (day);
alter table idempotent_answers alter column sealed set storage external; -- Ciphertext does not compress.

-- Makes the partitions of the days from..upto (UTC) and drops those before. Gives way to whoever reads for long; the next turn does it.
create function roll_answer_partitions(first_day date, last_day date) returns integer language plpgsql set lock_timeout = '2s' as $$
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
select roll_answer_partitions(((now() at time zone 'UTC')::date - 1), ((now() at time zone 'UTC')::date + 7));
