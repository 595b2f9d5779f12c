-- The price of the default model that draws: $0.002 a picture, texts free. Dollars per million units.
insert into price_versions (version, model, effective_from, input, cached, output, reasoning, audio_ms, image) values
  ('01930000-0000-7000-8000-000000000050', 'tiny-painter', '2024-11-01 00:00:00+00', 0, 0, 0, 0, 0, 2000.00);
