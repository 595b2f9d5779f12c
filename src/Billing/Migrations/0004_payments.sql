create table checkouts (
  id uuid primary key,
  organization_id uuid not null,
  amount_usd integer not null check (amount_usd between 5 and 10000),
  email text not null,
  return_url text not null,
  session_id text unique,
  url text,
  payment_intent text,
  -- Rises only: open, then expired or parked, then paid.
  state text not null default 'open' check (state in ('open', 'expired', 'parked', 'paid')),
  created_at timestamptz not null default now(),
  next_poll_at timestamptz not null default now() + interval '30 seconds',
  paid_at timestamptz,
  constraint checkout_paid_has_payment check (state <> 'paid' or (payment_intent is not null and paid_at is not null))
);
create index checkouts_open on checkouts (next_poll_at) where state = 'open';

-- Stripe's events as they came, once each. processed_at is null until what they announce is booked or known to be nothing of ours.
create table stripe_inbox (
  event_id text primary key,
  type text not null,
  payload text not null,
  received_at timestamptz not null default now(),
  processed_at timestamptz
);
