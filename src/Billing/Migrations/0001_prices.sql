-- Price book. A version is in force from effective_from until the next one of the same model and organization begins: ranges cannot
-- overlap, because an end is never stored. Dollars per million units, six decimals, so that units x price has twelve and no rounding
-- happens.
create table price_versions (
  version uuid primary key,
  model text not null,
  organization_id uuid,
  effective_from timestamptz not null,
  input numeric(18,6) not null check (input >= 0),
  cached numeric(18,6) not null check (cached >= 0),
  output numeric(18,6) not null check (output >= 0),
  reasoning numeric(18,6) not null check (reasoning >= 0),
  audio_ms numeric(18,6) not null check (audio_ms >= 0),
  image numeric(18,6) not null check (image >= 0),
  created_at timestamptz not null default now(),
  unique nulls not distinct (model, organization_id, effective_from)
);

insert into price_versions (version, model, effective_from, input, cached, output, reasoning, audio_ms, image) values
  ('01930000-0000-7000-8000-000000000001', 'tiny-assistant', '2024-11-01 00:00:00+00', 0.50, 0.50, 1.50, 1.50, 0, 0),
  ('01930000-0000-7000-8000-000000000002', 'tiny-embed', '2024-11-01 00:00:00+00', 0.02, 0.02, 0, 0, 0, 0);
