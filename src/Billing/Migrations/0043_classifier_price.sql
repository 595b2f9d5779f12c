-- The list price of the classifier that ships with Tollgate. A price that the operator has set is younger and stays in force.
insert into price_versions (version, model, effective_from, input, cached, output, reasoning, audio_ms, image) values
  ('01930000-0000-7000-8000-000000000003', 'tiny-sentiment', '2024-11-01 00:00:00+00', 0.02, 0.02, 0, 0, 0, 0)
on conflict do nothing;
