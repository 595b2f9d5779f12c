-- Puts aside the staged rows that can never be priced. $1 journal.
with bad as (
  delete from usage_stage s
  where not exists (select from price_versions v where v.version = s.price_version)
     or s.seq <> 0
     or least(s.input, s.cached, s.output, s.reasoning, s.audio_ms, s.images, s.delivered) < 0
     or s.delivered > s.output + s.reasoning
  returning s.*
), put_aside as (
  insert into usage_rejected (organization_id, request_id, seq, reason, event, journal_id)
  select organization_id, request_id, seq,
    case
      when seq <> 0 then 'Corrections are made here alone.'
      when least(input, cached, output, reasoning, audio_ms, images, delivered) < 0 then 'A count is negative.'
      when delivered > output + reasoning then 'More was delivered than is charged.'
      else 'The price version is unknown.'
    end,
    row_to_json(bad)::text, $1
  from bad
  order by organization_id, request_id, seq
  on conflict do nothing
)
select count(*) from bad
