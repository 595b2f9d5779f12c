-- Finds billed requests that no worker's log contains. Skips those whose worker died while it answered, because a worker writes its line
-- at the end. Valid only when all logs were read to their ends after $2. $1 admitted since, $2 finished before.
-- returns rows checked, differences found
with rows as (
  select u.organization_id, u.request_id, u.model, u.attempt, u.input + u.cached as prompt, u.output + u.reasoning as completion,
    exists (select from witness_entries e where e.organization_id = u.organization_id and e.request_id = u.request_id) as witnessed
  from usage_events u
  where u.admitted_at >= $1 and u.finished_at < $2 and u.seq = 0
    and u.source in (0, 1) and u.outcome <> 5
    and u.input + u.cached + u.output + u.reasoning + u.audio_ms + u.images + u.pixels + u.steps + u.calls + u.elements > 0
    and u.request_id >= uuid7_lower($1 - interval '1 day') and u.request_id < uuid7_lower($2 + interval '1 day')
), found as (
  insert into reconciliation_differences (name, kind, organization_id, request_id, owner, detail)
  select 'R2', 'no_witness', organization_id, request_id, 'worker',
    format('%s, attempt %s: billed %s + %s', model, attempt, prompt, completion)
  from rows where not witnessed
  on conflict (name, kind, organization_id, request_id) do nothing
  returning 1
)
select (select count(*) from rows), (select count(*) from found)
