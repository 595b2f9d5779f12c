-- Batches of requests. A batch belongs to one process at a time (runner until runner_until); what another one writes is refused.
create table batches (
  organization_id uuid not null,
  project_id uuid not null,
  id uuid not null unique,
  key_id uuid not null,
  key_public_id text not null,
  input_file_id uuid not null,
  endpoint text not null,
  metadata text,
  output_expires_after_seconds bigint,
  status text not null check (
    status in ('validating', 'in_progress', 'finalizing', 'completed', 'failed', 'expired', 'cancelling', 'cancelled')),
  -- What a batch that ends becomes.
  ending text check (ending in ('completed', 'failed', 'expired', 'cancelled')),
  errors text,
  model text,
  total integer not null default 0 check (total >= 0),
  completed integer not null default 0 check (completed >= 0),
  failed integer not null default 0 check (failed >= 0),
  input_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  cost numeric(24,12),
  -- When the books are asked again for the cost of a batch that has ended.
  cost_due timestamptz not null default '-infinity',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  in_progress_at timestamptz,
  finalizing_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  expired_at timestamptz,
  cancelling_at timestamptz,
  cancelled_at timestamptz,
  output_file_id uuid,
  error_file_id uuid,
  runner uuid,
  runner_until timestamptz,
  primary key (organization_id, project_id, id),
  constraint counts_within_total check (completed + failed <= total)
);
create index batches_live on batches (organization_id) where status in ('validating', 'in_progress', 'finalizing', 'cancelling');
create index batches_unpriced on batches (cost_due)
  where cost is null and status in ('completed', 'failed', 'expired', 'cancelled');

-- Where each line lies in the input file, and how far it is: 0 waits, 1 was asked or is about to be, 2 answered, 3 failed. What the line
-- says is in the files alone.
create table batch_lines (
  batch_id uuid not null references batches (id),
  line integer not null,
  at bigint not null,
  bytes integer not null,
  state smallint not null default 0 check (state between 0 and 3),
  request_id uuid,
  primary key (batch_id, line)
);

-- Answers that are durable and not yet in a file, sealed like files. The numbers give their order.
create table batch_segments (
  batch_id uuid not null references batches (id),
  number integer not null,
  failed boolean not null,
  bytes bigint not null,
  blob_id uuid not null unique,
  wrapped_key bytea not null,
  primary key (batch_id, number)
);
