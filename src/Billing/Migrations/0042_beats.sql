-- What each process of Billing saw committed last, one row for each start. A process never counts on where another ended, so a beat that
-- was lost with the end of the database is never reached again: a gateway that remembers it can prove that the database is older.
create table beats (
  process uuid primary key,
  beat bigint not null,
  beaten_at timestamptz not null default now()
);

alter table database_identity drop column beat;
