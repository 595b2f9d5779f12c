-- A price version that is known from usage alone, because the database that set it was lost: it prices that usage and is in force for nobody.
alter table price_versions alter column effective_from drop not null;
alter table price_versions drop constraint price_versions_model_organization_id_effective_from_key;
create unique index price_versions_in_force on price_versions (model, organization_id, effective_from) nulls not distinct
  where effective_from is not null;

-- What became of a rejected row, by whom and why.
alter table usage_rejected add column resolution text check (resolution in ('booked', 'dismissed'));
alter table usage_rejected add column resolved_by text;
alter table usage_rejected add column resolved_reason text;
alter table usage_rejected add constraint usage_rejected_resolution
  check ((resolution is null) = (resolved_at is null) and (resolution is null) = (resolved_by is null));
create index usage_rejected_open on usage_rejected (rejected_at) where resolved_at is null;

-- Events were kept in two forms; from here on there is one, that of the wire.
update usage_rejected set event = json_build_object(
  'requestId', r.request_id, 'seq', r.seq, 'organizationId', r.organization_id, 'projectId', e->>'project_id', 'keyId', e->>'key_id',
  'model', e->>'model', 'endpoint', e->>'endpoint', 'streamed', e->'streamed', 'attempt', e->'attempt', 'priceVersion', e->>'price_version',
  'epoch', e->'epoch',
  'units', json_build_object('input', e->'input', 'cached', e->'cached', 'output', e->'output', 'reasoning', e->'reasoning',
    'audioMs', e->'audio_ms', 'images', e->'images'),
  'delivered', e->'delivered', 'outcome', e->'outcome', 'source', e->'source', 'admittedAt', e->>'admitted_at',
  'finishedAt', e->>'finished_at')::text
from (select organization_id, request_id, seq, event::json as e from usage_rejected where event like '{"organization_id"%') r
where usage_rejected.organization_id = r.organization_id and usage_rejected.request_id = r.request_id and usage_rejected.seq = r.seq;
