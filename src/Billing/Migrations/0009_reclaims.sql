-- What came back of older epochs since this one was opened: its budgets were seeded as if all of that had been spent.
alter table lease_epochs add column reclaimed numeric(24,12) not null default 0;
alter table lease_epochs add column reclaimed_at timestamptz;
create index lease_epochs_reclaimed on lease_epochs (reclaimed_at) where reclaimed > 0;
