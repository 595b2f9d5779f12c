-- Seeds for the daily rate-limit buckets of a till that lost its data. The limit is unknown here. A bucket that never exceeded its
-- limit holds at most x = max over s of used(since s) / (1 + days since s). If the limit is x or more, the bucket holds at most x now;
-- a smaller limit would not have admitted this usage. An hour's usage counts from the hour's end, so x may exceed the limit by 1/24.
-- Rows not shipped yet are missing. $1 organization, $2 now.
-- returns subject, requests, tokens
with hours as (
  select s.subject, r.hour, sum(r.requests) as requests, sum(r.input + r.cached + r.output + r.reasoning) as tokens
  from usage_rollup_hours r
  cross join lateral (values
    ('o'), ('p:' || replace(r.project_id::text, '-', '')), ('k:' || replace(r.key_id::text, '-', '')), ('m:' || r.model)) s (subject)
  where r.organization_id = $1 and r.hour > $2::timestamptz - interval '7 days'
  group by 1, 2
), since as (
  select subject, greatest(0, extract(epoch from $2::timestamptz - hour) - 3600) / 86400 as days,
    sum(requests) over later as requests, sum(tokens) over later as tokens
  from hours window later as (partition by subject order by hour desc)
)
select subject, ceil(greatest(max(requests / (1 + days)), 0))::bigint, ceil(greatest(max(tokens / (1 + days)), 0))::bigint
from since
group by subject
having max(requests) > 0 or max(tokens) > 0
order by subject
