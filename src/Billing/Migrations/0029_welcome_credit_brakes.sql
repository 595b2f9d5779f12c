-- Where welcome credit went: one mail domain or network gets it only so often a day. Null for credits given before.
alter table welcome_credits add column mail_domain text;
alter table welcome_credits add column network text;
create index welcome_credits_granted on welcome_credits (granted_at);

-- Organizations whose welcome credit waits because a limit was reached. The address itself is not kept.
create table welcome_credits_withheld (
  organization_id uuid primary key,
  email_sha256 bytea not null,
  mail_domain text not null,
  network text,
  reason text not null check (reason in ('total', 'day', 'domain', 'network')),
  withheld_at timestamptz not null default now()
);
create index welcome_credits_withheld_at on welcome_credits_withheld (withheld_at);
