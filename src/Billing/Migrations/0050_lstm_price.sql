-- The list price of tokens that an LSTM is trained with, $1 a million. A price that the operator has set is younger and stays in force. The
-- embedding model that ships with Tollgate cannot be trained. Dollars per million units.
insert into price_versions (version, model, effective_from, input, cached, output, reasoning, audio_ms, image) values
  ('01930000-0000-7000-8000-000000000060', 'lstm:training', '2024-11-01 00:00:00+00', 0, 0, 1.00, 1.00, 0, 0)
on conflict do nothing;
