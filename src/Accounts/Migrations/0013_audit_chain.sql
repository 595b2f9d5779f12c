-- The audit log becomes hash chains: one for each organization, and one (organization_id null) for the installation. Number and hash are
-- given when the transaction commits, under one lock that is held until it has: what commits later has the higher number.
drop trigger audit_entries_append_only on audit_entries;
drop index audit_entries_organization;

alter table audit_entries
  add column number bigint,
  add column operator_id uuid,
  add column via varchar(60) not null default 'service',
  add column address varchar(60),
  add column browser varchar(200),
  add column trace varchar(32),
  add column before jsonb,
  add column after jsonb,
  add column hash bytea;
create unique index audit_entries_number on audit_entries (organization_id, number) nulls not distinct where number is not null;
create index audit_entries_at on audit_entries (at);

-- The newest entry of each chain. The chain of the installation has the nil UUID.
create table audit_heads (
  chain_id uuid primary key,
  number bigint not null,
  hash bytea not null
);

-- Heads as they were, signed under a key that is not in the database: nobody who only has the database can rewrite what they cover.
create table audit_seals (
  chain_id uuid not null,
  number bigint not null,
  hash bytea not null,
  sealed_at timestamptz not null,
  pepper varchar(32) not null,
  signature bytea not null,
  primary key (chain_id, number)
);
create trigger audit_seals_append_only before update or delete or truncate on audit_seals
  for each statement execute function refuse_change();

-- SHA-256 over the hash before and all fields, each with its length in bytes before it, "-" for null. AuditHash of Contracts is the same.
create function audit_hash(entry audit_entries, previous bytea) returns bytea language sql stable as $$
  select sha256(convert_to(string_agg(coalesce(octet_length(field) || ':' || field, '-'), ',' order by place), 'UTF8'))
  from unnest(array[
    encode(previous, 'hex'), entry.organization_id::text, entry.number::text, entry.id::text,
    (extract(epoch from entry.at) * 1000000)::bigint::text, entry.actor_id::text, entry.operator_id::text, entry.via::text,
    entry.address::text, entry.browser::text, entry.trace::text, entry.action::text, entry.subject::text, entry.before::text,
    entry.after::text]) with ordinality as fields (field, place)
$$;

create function append_to_audit_chain(entry audit_entries) returns void language plpgsql as $$
declare
  chain constant uuid := coalesce(entry.organization_id, '00000000-0000-0000-0000-000000000000');
  head accounts.audit_heads;
begin
  -- One lock for all chains, and no other lock is taken after it, so that writers cannot wait for each other in a ring.
  perform pg_advisory_xact_lock(hashtext('tollgate audit'));
  insert into accounts.audit_heads (chain_id, number, hash) values (chain, 0, '') on conflict do nothing;
  select * into head from accounts.audit_heads where chain_id = chain;
  entry.number := head.number + 1;
  entry.hash := accounts.audit_hash(entry, head.hash);
  update accounts.audit_entries set number = entry.number, hash = entry.hash where id = entry.id;
  update accounts.audit_heads set number = entry.number, hash = entry.hash where chain_id = chain;
end $$;

do $$
declare
  entry accounts.audit_entries;
begin
  for entry in select * from accounts.audit_entries order by id loop
    perform accounts.append_to_audit_chain(entry);
  end loop;
end $$;

create function link_audit_entry() returns trigger language plpgsql as $$
begin
  perform accounts.append_to_audit_chain(new);
  return null;
end $$;
create constraint trigger audit_entries_link after insert on audit_entries deferrable initially deferred
  for each row execute function link_audit_entry();

-- An entry without a hash is of a transaction that has not committed. Deletion is for AuditRetention, which sets accounts.audit_purge in
-- the transaction that writes down what it deletes.
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.hash is null then
    return new;
  end if;
  if tg_op = 'DELETE' and current_setting('accounts.audit_purge', true) = 'on' then
    return old;
  end if;
  raise exception '% is append-only', tg_table_name;
end $$;
create trigger audit_entries_append_only before update or delete on audit_entries
  for each row execute function refuse_audit_change();
create trigger audit_entries_never_empty before truncate on audit_entries
  for each statement execute function refuse_change();
