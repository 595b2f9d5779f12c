-- Organizations whose contents are destroyed for good. What was deleted or ended since then is what their receipts count.
create table departures (
  organization_id uuid primary key,
  since timestamptz not null
);
select protect_rows('departures');
