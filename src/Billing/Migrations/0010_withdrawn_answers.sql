-- Requests whose gateway died before their answer was kept: it is not kept any more, however late it comes, because they are billed without
-- it. Rows are forgotten after a day.
create table withdrawn_answers (
  organization_id uuid not null,
  key_id uuid not null,
  key_hash bytea not null,
  request_id uuid not null,
  withdrawn_at timestamptz not null,
  primary key (organization_id, key_id, key_hash, request_id)
);
create index withdrawn_answers_at on withdrawn_answers (withdrawn_at);
