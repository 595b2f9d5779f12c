-- How a person or an organization leaves. A row is a state machine: step says what is done next, and every step may run twice.
create table departures (
  id uuid primary key,
  -- 0 an account, 1 an organization.
  kind integer not null check (kind between 0 and 1),
  subject_id uuid not null,
  -- The departure of the only member, which waits for this one.
  parent_id uuid references departures (id) on delete restrict,
  requested_by uuid not null,
  requested_at timestamptz not null,
  due_at timestamptz not null,
  step integer not null check (step between 0 and 6),
  next_attempt_at timestamptz not null,
  attempts integer not null,
  cancelled_at timestamptz,
  cancelled_by uuid,
  finished_at timestamptz,
  -- What was destroyed, for the receipt.
  destroyed jsonb not null,
  receipt text,
  receipt_key varchar(32),
  receipt_mac bytea,
  constraint departures_end_once check (cancelled_at is null or finished_at is null),
  constraint departures_receipt check ((finished_at is null) = (receipt is null) and (receipt is null) = (receipt_mac is null))
);
create unique index departures_open on departures (kind, subject_id) where finished_at is null and cancelled_at is null;
create index departures_due on departures (next_attempt_at) where finished_at is null and cancelled_at is null;
create index departures_parent on departures (parent_id);

-- When the account is deleted unless its owner cancels before; stays after that.
alter table users add column leaves_at timestamptz;
-- The same of an organization: from the request on gateways refuse its keys.
alter table organization_policies add column closes_at timestamptz;

-- IANA name of the zone in which pages show times; null until the browser or the person has named one.
alter table users add column time_zone varchar(64);
