-- Corrects requests that were billed from a worker's log and are now shipped by their gateway. Seq 1 reverses the worker's row in full,
-- seq 2 is the gateway's row. Both exist or neither, so a request is corrected once. Seq 0 stays: it is the one billable row.
-- $1 journal, $2 ledger transaction, $3 now.
-- returns requests corrected, and the dollars of them that no wallet could pay.
with late as (
  select distinct on (s.organization_id, s.request_id) s.*
  from usage_events u join usage_stage s on s.organization_id = u.organization_id and s.request_id = u.request_id
  where u.source = 2 and u.seq = 0 and s.seq = 0 and s.source <> 2
    and not exists (
      select from usage_events c where c.organization_id = u.organization_id and c.request_id = u.request_id and c.seq = 1)
  order by s.organization_id, s.request_id
), ins as (
  insert into usage_events (
    organization_id, request_id, seq, project_id, key_id, model, endpoint, streamed, attempt, price_version, epoch,
    input, cached, output, reasoning, audio_ms, images, pixels, steps, calls, elements, delivered, outcome, source, admitted_at,
    finished_at, service_class, model_version, amount, journal_id, booked_at)
  select u.organization_id, u.request_id, 1, u.project_id, u.key_id, u.model, u.endpoint, u.streamed, u.attempt, u.price_version, u.epoch,
    -u.input, -u.cached, -u.output, -u.reasoning, -u.audio_ms, -u.images, -u.pixels, -u.steps, -u.calls, -u.elements,
    -u.delivered, u.outcome,
    u.source, u.admitted_at, u.finished_at,
    u.service_class, u.model_version, -u.amount, $1, $3::timestamptz
  from late l join usage_events u on u.organization_id = l.organization_id and u.request_id = l.request_id and u.seq = 0
  union all
  select l.organization_id, l.request_id, 2, l.project_id, l.key_id, l.model, l.endpoint, l.streamed, l.attempt, l.price_version, l.epoch,
    l.input, l.cached, l.output, l.reasoning, l.audio_ms, l.images, l.pixels, l.steps, l.calls, l.elements,
    l.delivered, l.outcome, l.source,
    l.admitted_at, l.finished_at,
    l.service_class, l.model_version,
    units_cost(
      l.input, l.cached, l.output, l.reasoning, l.audio_ms, l.images, l.pixels, l.steps, l.calls, l.elements,
      l.service_class, v), $1, $3
  from late l join price_versions v on v.version = l.price_version
  order by 1, 2, 3
  on conflict do nothing
  returning *
), rolled as (
  insert into usage_rollup_hours as r (
    organization_id, hour, project_id, key_id, model, endpoint, service_class, requests, input, cached, output, reasoning, audio_ms,
    images, pixels, steps, calls, elements, amount)
  select organization_id, date_trunc('hour', admitted_at, 'UTC'), project_id, key_id, model, endpoint, service_class,
    sum(case seq % 2 when 0 then 1 else -1 end), sum(input), sum(cached), sum(output), sum(reasoning), sum(audio_ms), sum(images),
    sum(pixels), sum(steps), sum(calls), sum(elements), sum(amount)
  from ins
  group by 1, 2, 3, 4, 5, 6, 7
  order by 1, 2, 3, 4, 5, 6, 7
  on conflict (organization_id, hour, project_id, key_id, model, endpoint, service_class) do update set
    requests = r.requests + excluded.requests, input = r.input + excluded.input, cached = r.cached + excluded.cached,
    output = r.output + excluded.output, reasoning = r.reasoning + excluded.reasoning, audio_ms = r.audio_ms + excluded.audio_ms,
    images = r.images + excluded.images, pixels = r.pixels + excluded.pixels, steps = r.steps + excluded.steps,
    calls = r.calls + excluded.calls, elements = r.elements + excluded.elements,
    amount = r.amount + excluded.amount
), due as (
  select organization_id, sum(amount) as amount from ins group by 1 having sum(amount) <> 0
), money as (
  -- The request's lease is closed. The wallet pays an increase as far as it can. A decrease first reduces the operator's loss and only
  -- then credits the wallet, so a correction creates no money.
  select d.organization_id, d.amount,
    case
      when w.organization_id is null then 0
      when d.amount > 0 then least(d.amount, greatest(w.balance + w.credit_limit - w.leased, 0))
      else least(d.amount - least(coalesce(a.balance, 0), 0), 0)
    end as from_wallet
  from due d
  left join wallets w using (organization_id)
  left join ledger_accounts a on a.organization_id = d.organization_id and a.account = 'operator_loss'
), paid as (
  update wallets w set balance = w.balance - m.from_wallet
  from money m
  where w.organization_id = m.organization_id
), entries as (
  select m.organization_id, e.account, e.amount
  from money m cross join lateral (values
    ('wallet', -m.from_wallet), ('revenue', m.amount), ('operator_loss', m.from_wallet - m.amount)) e (account, amount)
  where e.amount <> 0
), transactions as (
  insert into ledger_transactions (organization_id, id, kind, description, at)
  select organization_id, $2, 'correction', 'Usage correction', $3 from money order by 1
), entered as (
  insert into ledger_entries (organization_id, transaction_id, account, amount)
  select organization_id, $2, account, amount from entries order by 1, 3
), balances as (
  insert into ledger_accounts as a (organization_id, account, balance)
  select organization_id, account, amount from entries order by 1, 2
  on conflict (organization_id, account) do update set balance = a.balance + excluded.balance
), compared as (
  -- R2 compares these requests again: the gateway's units must not exceed the worker's either.
  update witness_entries e set settled = false
  from ins
  where ins.seq = 2 and e.organization_id = ins.organization_id and e.request_id = ins.request_id
)
select (select count(*) from ins where seq = 2), (select coalesce(sum(greatest(amount - from_wallet, 0)), 0) from money)
