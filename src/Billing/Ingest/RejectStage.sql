-- Removes the rows that can never be priced from the stage. returns organization, request, seq and reason of each.
delete from usage_stage s
where not exists (select from price_versions v where v.version = s.price_version)
   or s.seq <> 0
   or least(
     s.input, s.cached, s.output, s.reasoning, s.audio_ms, s.images, s.pixels, s.steps, s.calls, s.elements, s.delivered) < 0
   or s.delivered > s.output + s.reasoning
returning s.organization_id, s.request_id, s.seq,
  case
    when s.seq <> 0 then 'Corrections are made here alone.'
    when least(
     s.input, s.cached, s.output, s.reasoning, s.audio_ms, s.images, s.pixels, s.steps, s.calls, s.elements, s.delivered) < 0
      then 'A count is negative.'
    when s.delivered > s.output + s.reasoning then 'More was delivered than is charged.'
    else 'The price version is unknown.'
  end
