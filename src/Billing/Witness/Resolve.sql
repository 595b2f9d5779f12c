-- Resolves the differences whose missing record has arrived.
update reconciliation_differences d set resolved_at = now()
where d.name = 'R2' and d.resolved_at is null and case d.kind
  when 'no_row' then exists (
    select from usage_events u where u.organization_id = d.organization_id and u.request_id = d.request_id)
  when 'no_witness' then exists (
    select from witness_entries e where e.organization_id = d.organization_id and e.request_id = d.request_id)
  else false end
