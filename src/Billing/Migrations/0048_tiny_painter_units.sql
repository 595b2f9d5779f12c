-- The price of tiny-painter names every unit that drawing uses: $0.001 a picture, $0.01 a million pixels, $0.00005 a denoiser step, texts
-- free. A picture of its usual 20 steps stays at $0.002. Prices that an operator has set are later and stay in force. Dollars per million
-- units.
insert into price_versions (version, model, effective_from, input, cached, output, reasoning, audio_ms, image, pixel, step) values
  ('01930000-0000-7000-8000-000000000051', 'tiny-painter', '2024-11-02 00:00:00+00', 0, 0, 0, 0, 0, 1000.00, 0.01, 50.00);
