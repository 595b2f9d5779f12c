-- Compares rollups with the sums of their rows, for the hours from $1 to $2. returns cells checked, cells that differ, the first of them.
with facts as (
  select organization_id, date_trunc('hour', admitted_at, 'UTC') as hour, sum(case seq % 2 when 0 then 1 else -1 end) as requests,
    sum(input + cached + output + reasoning + audio_ms + images + pixels + steps + calls + elements) as units, sum(amount) as amount
  from usage_events
  where admitted_at >= $1 and admitted_at < $2
    -- Lets Postgres skip partitions: a request's id is made within moments of its admission.
    and (request_id >= uuid7_lower($1 - interval '1 day') and request_id < uuid7_lower($2 + interval '1 day'))
  group by 1, 2
), sums as (
  select organization_id, hour, sum(requests) as requests,
    sum(input + cached + output + reasoning + audio_ms + images + pixels + steps + calls + elements) as units, sum(amount) as amount
  from usage_rollup_hours where hour >= $1 and hour < $2 group by 1, 2
), cells as (
  select organization_id, hour, f.requests is not distinct from s.requests and f.units is not distinct from s.units
    and f.amount is not distinct from s.amount as same
  from facts f full join sums s using (organization_id, hour)
)
select count(*), count(*) filter (where not same), min(organization_id::text || ' ' || hour::text) filter (where not same) from cells
