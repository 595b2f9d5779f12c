-- Stores the fences that a journal acknowledged. $1 journal, $2 organizations, $3 epochs.
insert into journal_fences as f (journal_id, organization_id, epoch)
select $1, organization_id, max(epoch) from unnest($2::uuid[], $3::bigint[]) a (organization_id, epoch)
group by organization_id order by organization_id
on conflict (organization_id, journal_id) do update set epoch = greatest(f.epoch, excluded.epoch), acknowledged_at = now()
