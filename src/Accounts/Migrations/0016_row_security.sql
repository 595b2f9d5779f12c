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

-- Every table with an organization. A session is a person's, whose choice of an organization it remembers; it is read before that is known.
do $$
declare
  name text;
begin
  for name in
    select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attname = 'organization_id' and not a.attisdropped
      and c.relname not in ('sessions', 'audit_entries')
  loop
    perform protect_rows(name::regclass);
  end loop;
end $$;

select protect_rows('organizations', 'id = (select seen_organization())');
select protect_rows('key_uses', 'exists (select from api_keys where api_keys.id = key_id)');
select protect_rows('key_rotations', 'exists (select from api_keys where api_keys.id = key_id)');
select protect_rows('invitation_projects', 'exists (select from invitations where invitations.id = invitation_id)');
select protect_rows('admin_requests', 'exists (select from admin_keys where admin_keys.id = admin_key_id)');
-- The departure of an account is its person's.
select protect_rows('departures', 'kind = 0 or subject_id = (select seen_organization())');

-- Anybody may add an entry of the installation (organization_id null), and read it back until it is committed, which gives it a hash.
select protect_rows(
  'audit_entries', 'organization_id = (select seen_organization()) or (organization_id is null and hash is null)');
select protect_rows('audit_heads', 'chain_id = (select seen_organization())');
select protect_rows('audit_seals', 'chain_id = (select seen_organization())');

create or replace function link_audit_entry() returns trigger language plpgsql as $$
declare
  scope constant text := coalesce(current_setting('tollgate.organization', true), '');
begin
  -- An entry of the installation is linked too, and no organization sees that chain.
  perform set_config('tollgate.organization', 'all', true);
  perform accounts.append_to_audit_chain(new);
  perform set_config('tollgate.organization', scope, true);
  return null;
end $$;
