-- Answers of /v1/responses that are kept. The content is the request's own input items and the response, sealed like a file's, under a key
-- of its own. A response that is deleted keeps its row without content until its time is over, so that a late repetition of the call that
-- kept it does not bring it back.
create table responses (
  organization_id uuid not null,
  project_id uuid not null,
  id uuid not null unique,
  key_id uuid not null,
  model text not null,
  status text not null,
  -- The response whose conversation this one continues.
  previous_id uuid,
  -- Plain bytes of the content, and of its items alone.
  bytes bigint not null check (bytes > 0),
  item_bytes bigint not null check (item_bytes between 0 and bytes),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  deleted_at timestamptz,
  wrapped_key bytea,
  content bytea,
  primary key (organization_id, project_id, id),
  constraint content_until_deleted check (
    (deleted_at is null) = (content is not null) and (deleted_at is null) = (wrapped_key is not null))
);
-- Sealed bytes do not compress.
alter table responses alter column content set storage external;
create index responses_expiring on responses (expires_at);

-- What an organization keeps, changed in the transaction that keeps or removes: counting its rows would be too slow for each request.
create table response_totals (
  organization_id uuid primary key,
  responses bigint not null check (responses >= 0),
  bytes bigint not null check (bytes >= 0)
);
