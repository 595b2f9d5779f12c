-- Books the staged rows that are new: usage row, hour rollup, lease, wallet, ledger and statement. Derives all of them from the rows that
-- the insert returned.
-- $1 journal, $2 batch (becomes the ledger transaction's id), $3 now.
-- returns rows inserted, and the dollars that neither a lease nor a wallet could pay.
with ins as (
  insert into usage_events (
    organization_id, request_id, seq, project_id, key_id, model, endpoint, streamed, attempt, price_version, epoch,
    input, cached, output, reasoning, audio_ms, images, pixels, steps, calls, elements, delivered, outcome, source, admitted_at,
    finished_at, service_class, model_version, amount, journal_id, booked_at)
  select s.organization_id, s.request_id, s.seq, s.project_id, s.key_id, s.model, s.endpoint, s.streamed, s.attempt, s.price_version,
    s.epoch,
    s.input, s.cached, s.output, s.reasoning, s.audio_ms, s.images, s.pixels, s.steps, s.calls, s.elements,
    s.delivered, s.outcome, s.source,
    s.admitted_at, s.finished_at,
    s.service_class, s.model_version,
    units_cost(
      s.input, s.cached, s.output, s.reasoning, s.audio_ms, s.images, s.pixels, s.steps, s.calls, s.elements,
      s.service_class, v),
    $1, $3
  from usage_stage s join price_versions v on v.version = s.price_version
  order by s.organization_id, s.request_id, s.seq
  on conflict do nothing
  returning *
), rolled as (
  insert into usage_rollup_hours as r (
    organization_id, hour, project_id, key_id, model, endpoint, service_class, requests, input, cached, output, reasoning, audio_ms,
    images, pixels, steps, calls, elements, amount)
  select organization_id, date_trunc('hour', admitted_at, 'UTC'), project_id, key_id, model, endpoint, service_class,
    count(*), sum(input), sum(cached), sum(output), sum(reasoning), sum(audio_ms), sum(images), sum(pixels), sum(steps),
    sum(calls), sum(elements), sum(amount)
  from ins
  group by 1, 2, 3, 4, 5, 6, 7
  order by 1, 2, 3, 4, 5, 6, 7
  on conflict (organization_id, hour, project_id, key_id, model, endpoint, service_class) do update set
    requests = r.requests + excluded.requests, input = r.input + excluded.input, cached = r.cached + excluded.cached,
    output = r.output + excluded.output, reasoning = r.reasoning + excluded.reasoning, audio_ms = r.audio_ms + excluded.audio_ms,
    images = r.images + excluded.images, pixels = r.pixels + excluded.pixels, steps = r.steps + excluded.steps,
    calls = r.calls + excluded.calls, elements = r.elements + excluded.elements,
    amount = r.amount + excluded.amount
), cost as (
  select organization_id, epoch, sum(amount) as amount, count(*) filter (where amount > 0) as requests
  from ins group by 1, 2 having sum(amount) > 0
), split as (
  -- An open epoch pays with its lease alone. In a closed, forgotten or fenced epoch, the wallet pays what the lease lacks, as far as it
  -- can.
  select c.organization_id, c.epoch, c.amount, c.requests,
    least(c.amount, coalesce(e.granted - e.billed - e.returned, 0)) as from_lease,
    e.organization_id is null or e.closed_at is not null or coalesce(e.epoch < w.fence_epoch, false) as late
  from cost c left join lease_epochs e using (organization_id, epoch) left join wallets w using (organization_id)
), due as (
  select organization_id, sum(amount) as amount, sum(from_lease) as from_lease,
    coalesce(sum(amount - from_lease) filter (where late), 0) as late
  from split group by 1
), fenced as (
  -- What each fenced epoch has left after this batch, and the running total from the oldest epoch on. No till can spend this money.
  select e.organization_id, e.epoch, e.granted - e.billed - e.returned - coalesce(s.from_lease, 0) as open,
    sum(e.granted - e.billed - e.returned - coalesce(s.from_lease, 0)) over (partition by e.organization_id order by e.epoch) as upto
  from due d
  join wallets w using (organization_id)
  join lease_epochs e on e.organization_id = d.organization_id and e.closed_at is null and e.epoch < w.fence_epoch
  left join split s on s.organization_id = e.organization_id and s.epoch = e.epoch
), means as (
  select d.*, greatest(coalesce(w.balance + w.credit_limit - w.leased, 0), 0) as available,
    coalesce((select max(f.upto) from fenced f where f.organization_id = d.organization_id), 0) as frozen
  from due d left join wallets w using (organization_id)
), money as (
  -- A restored database may count a lease under an older epoch although a forgotten epoch spent it. The wallet takes back from the older
  -- epochs what it lacks to pay. Every dollar spent was paid in, so the usage that the older epochs still ship stays covered.
  select organization_id, amount, from_lease,
    least(late, available + frozen) as from_wallet, least(greatest(late - available, 0), frozen) as thawed
  from means
), thaws as (
  select f.organization_id, f.epoch, least(f.open, m.thawed - f.upto + f.open) as amount
  from fenced f join money m using (organization_id)
  where f.open > 0 and m.thawed > f.upto - f.open
), changes as materialized (
  select organization_id, epoch, coalesce(s.from_lease, 0) as from_lease, coalesce(s.requests, 0) as requests,
    coalesce(t.amount, 0) as thawed
  from (select * from split where from_lease > 0) s full join thaws t using (organization_id, epoch)
), leased as (
  -- Materialized above: the full join's columns are coalesce expressions, which row-level security lets no index be searched by.
  update lease_epochs e set billed = e.billed + c.from_lease, requests = e.requests + c.requests, returned = e.returned + c.thawed
  from changes c
  where e.organization_id = c.organization_id and e.epoch = c.epoch
), paid as (
  update wallets w set balance = w.balance - m.from_lease - m.from_wallet, leased = w.leased - m.from_lease - m.thawed
  from money m
  where w.organization_id = m.organization_id
), entries as (
  select m.organization_id, e.account, e.amount
  from money m cross join lateral (values
    ('wallet', -m.from_lease - m.from_wallet), ('revenue', m.amount), ('operator_loss',
      m.from_lease + m.from_wallet - m.amount)) e (account, amount)
  where e.amount <> 0
), transactions as (
  insert into ledger_transactions (organization_id, id, kind, description, at)
  select organization_id, $2, 'usage', 'Usage', $3 from money order by 1
), entered as (
  insert into ledger_entries (organization_id, transaction_id, account, amount)
  select organization_id, $2, account, amount from entries order by 1, 3
), balances as (
  insert into ledger_accounts as a (organization_id, account, balance)
  select organization_id, account, amount from entries order by 1, 2
  on conflict (organization_id, account) do update set balance = a.balance + excluded.balance
), stated as (
  insert into statement_days as d (organization_id, day, amount, last_transaction_id, last_at)
  select organization_id, ($3::timestamptz at time zone 'UTC')::date, -from_lease - from_wallet, $2, $3 from money order by 1
  on conflict (organization_id, day) do update set
    amount = d.amount + excluded.amount, last_transaction_id = excluded.last_transaction_id, last_at = excluded.last_at
)
select (select count(*) from ins), (select coalesce(sum(amount - from_lease - from_wallet), 0) from money)
