-- Compares what workers generated with what was billed, for entries not compared yet. The winning attempt counts. An entry without a usage
-- row is a difference if it ended before $1. $2 limit.
-- returns entries compared, differences found
with pending as (
  select * from witness_entries where not settled order by at limit $2
), facts as (
  select e.organization_id, e.request_id, e.attempt, e.log_id, e.at, e.model, u.attempt as billed_attempt, u.outcome,
    u.prompt, u.computed, u.completion, u.audio_ms, u.images, u.pixels, u.steps, u.calls, u.elements,
    e.input + e.cached as made_prompt, e.input as made_computed, e.output + e.reasoning as made_completion,
    e.audio_ms as made_audio_ms, e.images as made_images, e.pixels as made_pixels,
    e.steps as made_steps, e.calls as made_calls, e.elements as made_elements
  from pending e
  left join lateral (
    select (array_agg(u.attempt order by u.seq desc))[1] as attempt, (array_agg(u.outcome order by u.seq desc))[1] as outcome,
      sum(u.input + u.cached) as prompt, sum(u.input) as computed, sum(u.output + u.reasoning) as completion,
      sum(u.audio_ms) as audio_ms, sum(u.images) as images, sum(u.pixels) as pixels, sum(u.steps) as steps,
      sum(u.calls) as calls, sum(u.elements) as elements
    from usage_events u where u.organization_id = e.organization_id and u.request_id = e.request_id
    having count(*) > 0
  ) u on true
), judged as (
  select *,
    case
      when billed_attempt is null and at < $1 then 'no_row'
      when billed_attempt < attempt then 'unknown_attempt'
      when billed_attempt = attempt
        and (prompt > made_prompt or computed > made_computed or completion > made_completion or audio_ms > made_audio_ms
          or images > made_images or pixels > made_pixels or steps > made_steps or calls > made_calls or elements > made_elements)
        then 'billed_above_generated'
      -- An answer is billed for its whole prompt. If less is billed, it cost more than its hold, and the rest is the operator's loss.
      when billed_attempt = attempt and (outcome in (1, 3, 5) and prompt < made_prompt
        or outcome = 1
          and (audio_ms < made_audio_ms or images < made_images or pixels < made_pixels or steps < made_steps
            or calls < made_calls or elements < made_elements)) then 'used_above_hold'
    end as kind
  from facts
), found as (
  insert into reconciliation_differences as d (name, kind, organization_id, request_id, owner, detail)
  select distinct on (kind, organization_id, request_id) 'R2', kind, organization_id, request_id,
    case kind when 'billed_above_generated' then 'billing' else 'gateway' end,
    format('%s, attempt %s, log %s: generated %s + %s, billed %s + %s', model, attempt, log_id, made_prompt, made_completion,
      coalesce(prompt::text, '-'), coalesce(completion::text, '-'))
  from judged where kind is not null
  order by kind, organization_id, request_id, attempt desc
  on conflict (name, kind, organization_id, request_id) do nothing
  returning 1
), settled as (
  update witness_entries e set settled = true
  from facts f
  where f.billed_attempt is not null
    and e.organization_id = f.organization_id and e.request_id = f.request_id and e.attempt = f.attempt and e.log_id = f.log_id
  returning 1
)
select (select count(*) from settled), (select count(*) from found)
