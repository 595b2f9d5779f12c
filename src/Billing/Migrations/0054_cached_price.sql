-- Prompt tokens out of the prefix cache cost a tenth of computed ones for the decoder that ships with Tollgate. A price that an operator
-- has set is younger and stays in force: it charges both alike, until it is set again.
insert into price_versions (version, model, effective_from, input, cached, output, reasoning, audio_ms, image) values
  ('01930000-0000-7000-8000-000000000080', 'tiny-assistant', '2024-11-02 00:00:00+00', 0.50, 0.05, 1.50, 1.50, 0, 0)
on conflict do nothing;
