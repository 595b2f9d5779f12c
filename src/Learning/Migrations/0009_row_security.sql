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
  'files', 'uploads', 'upload_parts', 'batches', 'jobs', 'tuned_models', 'deployments', 'federated_jobs', 'responses', 'response_totals',
  'response_runs']) name;
select protect_rows(name::regclass, 'exists (select from batches where batches.id = batch_id)')
from unnest(array['batch_lines', 'batch_segments']) name;
select protect_rows(name::regclass, 'exists (select from jobs where jobs.id = job_id)')
from unnest(array['job_runs', 'job_events', 'job_checkpoints', 'job_results']) name;
select protect_rows(name::regclass, 'exists (select from federated_jobs where federated_jobs.id = job_id)')
from unnest(array['federated_participants', 'federated_messages', 'federated_rounds']) name;
