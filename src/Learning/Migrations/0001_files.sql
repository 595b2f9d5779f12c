-- Files of customers. The content lies in the store, sealed; its key lies here, wrapped by the installation's master key. A deleted file
-- keeps its row as the receipt: without key, name and faults.
create table files (
  organization_id uuid not null,
  project_id uuid not null,
  id uuid not null unique,
  key_id uuid not null,
  name text not null,
  media_type text not null,
  purpose text not null,
  bytes bigint not null check (bytes > 0),
  sha256 bytea not null check (length(sha256) = 32),
  status text not null check (status in ('processed', 'error')),
  status_details text,
  created_at timestamptz not null,
  expires_at timestamptz,
  blob_id uuid not null unique,
  wrapped_key bytea,
  deleted_at timestamptz,
  deleted_by uuid,
  deleted_why text check (deleted_why in ('request', 'expiry')),
  receipt_key text,
  receipt_mac bytea,
  primary key (organization_id, project_id, id),
  constraint deleted_without_key check ((deleted_at is null) = (wrapped_key is not null)),
  constraint deleted_with_receipt check ((deleted_at is null) = (receipt_mac is null) and (deleted_at is null) = (deleted_why is null))
);
create index files_live on files (organization_id) include (bytes) where deleted_at is null;
create index files_expiring on files (expires_at) where deleted_at is null and expires_at is not null;

-- Files that come in parts. A part's content is sealed like a file's.
create table uploads (
  organization_id uuid not null,
  project_id uuid not null,
  id uuid not null unique,
  key_id uuid not null,
  name text not null,
  media_type text not null,
  purpose text not null,
  bytes bigint not null check (bytes > 0),
  expires_after_seconds bigint,
  status text not null check (status in ('pending', 'completed', 'cancelled', 'expired')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  file_id uuid,
  primary key (organization_id, project_id, id),
  constraint completed_with_file check ((status = 'completed') = (file_id is not null))
);
create index uploads_pending on uploads (organization_id) where status = 'pending';
create index uploads_expiring on uploads (expires_at) where status = 'pending';

create table upload_parts (
  upload_id uuid not null references uploads (id),
  id uuid not null,
  organization_id uuid not null,
  bytes bigint not null check (bytes > 0),
  created_at timestamptz not null,
  blob_id uuid not null unique,
  wrapped_key bytea not null,
  primary key (upload_id, id)
);
create index upload_parts_live on upload_parts (organization_id) include (bytes);

-- Content that nothing refers to any more and that the store may still have. The row goes when the content is gone.
create table removals (
  blob_id uuid primary key,
  since timestamptz not null
);
