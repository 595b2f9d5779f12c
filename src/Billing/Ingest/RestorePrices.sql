-- Restores the price versions that usage carries and a restored database has lost. Columns in arrays: $1 versions, $2 models,
-- $3 organizations (null: a list price), $4 in force from (null: unknown), $5 input, $6 cached, $7 output, $8 reasoning, $9 audio_ms,
-- $10 image, $11 pixel, $12 step, $13 call, $14 element, in dollars per million units, $15 batch factors. Existing
-- versions stay unchanged. If another version now starts at the same instant, the restored one gets no date and prices only
-- the usage that names it.
-- returns versions restored.
with lost as (
  select p.* from unnest(
    $1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[],
    $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[])
    p (version, model, organization_id, effective_from, input, cached, output, reasoning, audio_ms, image, pixel, step, call, element,
    batch_factor)
  where not exists (select from price_versions v where v.version = p.version)
    and least(p.input, p.cached, p.output, p.reasoning, p.audio_ms, p.image, p.pixel, p.step, p.call, p.element) >= 0
    and p.batch_factor between 0 and 1
), added as (
  insert into price_versions (
    version, model, organization_id, effective_from, input, cached, output, reasoning, audio_ms, image, pixel, step, call, element,
    batch_factor)
  select version, model, organization_id,
    case when not exists (
      select from price_versions v
      where v.model = l.model and v.organization_id is not distinct from l.organization_id and v.effective_from = l.effective_from)
      then effective_from end,
    input, cached, output, reasoning, audio_ms, image, pixel, step, call, element, batch_factor
  from lost l
  order by version
  on conflict do nothing
  returning version
)
select count(*), count(pg_notify('billing_prices', '')) from added
