-- What came back of older epochs since this one was opened: its budgets were seeded as if all of that had been spent, until a gateway
-- has lowered them by it.
alter table lease_epochs add column reclaimed numeric(24,12) not null default 0;
alter table lease_epochs add column budgets_lowered boolean not null default true;
create index lease_epochs_to_lower on lease_epochs (organization_id, epoch) where not budgets_lowered;
