-- Every key starts with the organization. The wallet's row lock, taken in the order of organization_id, guards all of an
-- organization's money.

-- balance: US dollars not yet billed, whether in the wallet or in a till. leased: the part that tills hold = sum of open over
-- lease_epochs. Available for a new lease: balance + credit_limit - leased.
create table wallets (
  organization_id uuid primary key,
  name text not null,
  balance numeric(24,12) not null default 0,
  leased numeric(24,12) not null default 0,
  credit_limit numeric(24,12) not null default 0 check (credit_limit >= 0),
  -- Greater than every epoch before it, also than those that a restored database has forgotten: never below the milliseconds since 1970.
  epoch bigint not null default 0,
  -- The epoch that gateways must acknowledge before older epochs' money returns; null when no older epoch is open.
  fence_epoch bigint,
  -- Since when no lease is given because the database was restored; lifted with the fence.
  sealed_at timestamptz,
  opened_at timestamptz not null default now(),
  constraint wallet_not_overspent check (leased >= 0 and balance + credit_limit >= leased)
);
create index wallets_fenced on wallets (organization_id) where fence_epoch is not null;

create table lease_epochs (
  organization_id uuid not null,
  epoch bigint not null,
  granted numeric(24,12) not null default 0,
  billed numeric(24,12) not null default 0,
  returned numeric(24,12) not null default 0,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  primary key (organization_id, epoch),
  constraint lease_epoch_not_overspent check (billed >= 0 and returned >= 0 and granted - billed - returned >= 0),
  constraint lease_epoch_closed_is_empty check (closed_at is null or granted = billed + returned)
);
create index lease_epochs_open on lease_epochs (organization_id) where closed_at is null;

create table leases (
  id uuid primary key,
  organization_id uuid not null,
  epoch bigint not null,
  amount numeric(24,12) not null check (amount > 0),
  granted_at timestamptz not null default now()
);
create index leases_by_epoch on leases (organization_id, epoch);

create table ledger_accounts (
  organization_id uuid not null,
  account text not null check (account in ('wallet', 'revenue', 'operator_loss', 'promotion', 'stripe_clearing')),
  balance numeric(24,12) not null,
  primary key (organization_id, account)
);

create table ledger_transactions (
  organization_id uuid not null,
  id uuid not null,
  kind text not null,
  description text not null,
  at timestamptz not null default now(),
  -- What it books, such as a Stripe payment: booked once for ever.
  reference text unique,
  primary key (organization_id, id)
);
create index ledger_transactions_at on ledger_transactions (organization_id, at desc) where kind <> 'usage';

-- Positive raises the account, and what the customer owns is positive in `wallet`. The entries of a transaction sum to zero.
create table ledger_entries (
  organization_id uuid not null,
  transaction_id uuid not null,
  account text not null,
  amount numeric(24,12) not null check (amount <> 0),
  primary key (organization_id, transaction_id, account)
);

create function refuse_unbalanced_entries() returns trigger language plpgsql as $$
begin
  if exists (select 1 from added group by organization_id, transaction_id having sum(amount) <> 0) then
    raise exception 'Ledger entries of one transaction must sum to zero.' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger ledger_entries_balance after insert on ledger_entries
  referencing new table as added for each statement execute function refuse_unbalanced_entries();

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'Rows of % are only ever added.', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger ledger_entries_final before update or delete or truncate on ledger_entries
  for each statement execute function refuse_change();
create trigger ledger_transactions_final before update or delete or truncate on ledger_transactions
  for each statement execute function refuse_change();

-- Usage of one UTC day as a statement shows it: an organization has up to one ledger transaction a second and gateway.
create table statement_days (
  organization_id uuid not null,
  day date not null,
  amount numeric(24,12) not null,
  last_transaction_id uuid not null,
  last_at timestamptz not null,
  primary key (organization_id, day)
) with (fillfactor = 70);

-- One row an address and one an organization. The address itself is not kept.
create table welcome_credits (
  email_sha256 bytea primary key,
  organization_id uuid not null unique,
  transaction_id uuid not null,
  amount numeric(24,12) not null,
  granted_at timestamptz not null default now()
);
