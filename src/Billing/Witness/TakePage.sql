-- Stores a page of a worker's log and moves its cursor. Idempotent. Columns in arrays: $1 organizations, $2 requests, $3 attempts, $4
-- models,
-- $5 input, $6 cached, $7 output, $8 reasoning, $9 audio_ms, $10 images, $11 pixels, $12 steps, $13 calls, $14 elements, $15 at,
-- $16 service classes; $17 log, $18 worker, $19 cursor.
with log as (
  insert into witness_logs (log_id, worker, cursor) values ($17, $18, $19)
  on conflict (log_id) do update set worker = excluded.worker, cursor = excluded.cursor, read_at = now()
)
insert into witness_entries (
  organization_id, request_id, attempt, model, input, cached, output, reasoning, audio_ms, images, pixels, steps, calls, elements, at,
  service_class, log_id)
select e.*, $17
from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
  $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::timestamptz[], $16::smallint[]) e
on conflict do nothing
