-- Prices of models that are trained from what ships with Tollgate, and of those that are trained from nothing: as tiny-sentiment. A price
-- that the operator has set is younger and stays in force.
insert into price_versions (version, model, effective_from, input, cached, output, reasoning, audio_ms, image) values
  ('01930000-0000-7000-8000-000000000070', 'tiny-embed:tuned', '2024-11-01 00:00:00+00', 0.02, 0.02, 0, 0, 0, 0),
  ('01930000-0000-7000-8000-000000000071', 'lstm:tuned', '2024-11-01 00:00:00+00', 0.02, 0.02, 0, 0, 0, 0)
on conflict do nothing;
