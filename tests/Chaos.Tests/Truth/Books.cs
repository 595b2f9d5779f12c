using Npgsql;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>The invariants that the database alone can be asked for. Each query returns the rows that break one, as text.</summary>
internal static class Books
{
    private static readonly (string Invariant, string Sql)[] Checks =
    [
        ("no wallet is below zero or leases what it does not have",
            """
            select organization_id || ' balance ' || balance || ' leased ' || leased
            from billing.wallets where balance < 0 or balance + credit_limit < leased
            """),
        ("a wallet is the sum of its ledger entries",
            """
            select w.organization_id || ' wallet ' || w.balance || ' ledger ' || coalesce(sum(e.amount), 0)
            from billing.wallets w left join billing.ledger_entries e on e.organization_id = w.organization_id and e.account = 'wallet'
            group by w.organization_id having w.balance <> coalesce(sum(e.amount), 0)
            """),
        ("every ledger transaction sums to zero",
            """
            select transaction_id || ' ' || sum(amount)
            from billing.ledger_entries group by organization_id, transaction_id having sum(amount) <> 0
            """),
        ("revenue is the sum of the usage rows",
            """
            select coalesce(r.organization_id, l.organization_id) || ' rows ' || coalesce(r.amount, 0)
              || ' ledger ' || coalesce(l.amount, 0)
            from (select organization_id, sum(amount) as amount from billing.usage_events group by 1) r
            full join (
              select organization_id, sum(amount) as amount from billing.ledger_entries where account = 'revenue' group by 1) l
              using (organization_id)
            where coalesce(r.amount, 0) <> coalesce(l.amount, 0)
            """),
        ("rollups are the sum of the usage rows",
            """
            select coalesce(r.organization_id, s.organization_id) || ' ' || coalesce(r.hour, s.hour) || ' rows ' || coalesce(r.amount, 0)
              || ' rollup ' || coalesce(s.amount, 0)
            from (
              select organization_id, date_trunc('hour', admitted_at, 'UTC') as hour, key_id, model, endpoint,
                count(*) filter (where seq = 0) as requests, sum(input) as prompt, sum(cached) as cached, sum(output + reasoning) as output,
                sum(audio_ms) as audio, sum(images) as images, sum(pixels) as pixels, sum(steps) as steps,
                sum(calls) as calls, sum(elements) as elements, sum(amount) as amount
              from billing.usage_events group by 1, 2, 3, 4, 5) r
            full join (
              select organization_id, hour, key_id, model, endpoint,
                sum(requests) as requests, sum(input) as prompt, sum(cached) as cached, sum(output + reasoning) as output,
                sum(audio_ms) as audio, sum(images) as images, sum(pixels) as pixels, sum(steps) as steps,
                sum(calls) as calls, sum(elements) as elements, sum(amount) as amount
              from billing.usage_rollup_hours group by 1, 2, 3, 4, 5) s
              using (organization_id, hour, key_id, model, endpoint)
            where (r.requests, r.prompt, r.cached, r.output, r.audio, r.images, r.pixels, r.steps, r.calls, r.elements, r.amount)
              is distinct from
              (s.requests, s.prompt, s.cached, s.output, s.audio, s.images, s.pixels, s.steps, s.calls, s.elements, s.amount)
            """),
        ("leased money is what open leases hold",
            """
            select w.organization_id || ' leased ' || w.leased || ' open ' || coalesce(sum(e.granted - e.billed - e.returned), 0)
            from billing.wallets w left join billing.lease_epochs e using (organization_id)
            group by w.organization_id having w.leased <> coalesce(sum(e.granted - e.billed - e.returned), 0)
            """),
        // A correction of a batch's row is a difference of two amounts, each rounded up.
        ("a row costs its units at the price of its version and the factor of its class",
            """
            select e.request_id || ' seq ' || e.seq || ' class ' || e.service_class || ' amount ' || e.amount
            from billing.usage_events e left join billing.price_versions v on v.version = e.price_version
            cross join lateral (select
              (e.input * v.input + e.cached * v.cached + e.output * v.output + e.reasoning * v.reasoning
              + e.audio_ms * v.audio_ms + e.images * v.image + e.pixels * v.pixel + e.steps * v.step
              + e.calls * v.call + e.elements * v.element) * 0.000001 as whole) c
            where not (e.seq = 1 and e.service_class = 1) and e.amount is distinct from
              case e.service_class when 1 then ceil(c.whole * v.batch_factor * 1e12) * 1e-12 else c.whole end
            """),
        ("a row has a price that was in force when its request was admitted",
            """
            select e.request_id || ' ' || e.admitted_at || ' priced since ' || v.effective_from
            from billing.usage_events e join billing.price_versions v on v.version = e.price_version
            where v.effective_from > e.admitted_at + interval '3 seconds' or exists (
              select from billing.price_versions n
              where n.model = v.model and n.organization_id is not distinct from v.organization_id
                and n.effective_from > v.effective_from and n.effective_from < e.admitted_at - interval '30 seconds')
            """),
        ("an outcome that is not charged costs nothing, and no row delivers more than it bills",
            """
            select request_id || ' outcome ' || outcome
            from billing.usage_events where (outcome in (2, 4, 7) and amount <> 0) or delivered > output + reasoning
            """),
        ("one billable row for a request",
            "select request_id || ' ' || count(*) || ' rows' from billing.usage_events group by request_id having count(*) <> 1"),
        ("no row is put aside", "select request_id || ' ' || reason from billing.usage_rejected"),
        ("no operator loss",
            """
            select organization_id || ' ' || sum(amount)
            from billing.ledger_entries where account = 'operator_loss' group by organization_id
            """),
        ("no key bills more than its budget",
            """
            select k.public_id || ' billed ' || sum(e.amount) || ' budget ' || (k.limits->>'budgetPerMonthNanoUsd')
            from billing.usage_events e join accounts.api_keys k on k.id = e.key_id
            where k.limits ? 'budgetPerMonthNanoUsd'
            group by k.id, date_trunc('month', e.admitted_at, 'UTC')
            having sum(e.amount) * 1000000000 > (k.limits->>'budgetPerMonthNanoUsd')::numeric
            """),
        ("no money stays frozen once all gateways are back",
            """
            select organization_id || ' fence ' || fence_epoch || ' leased ' || leased
            from billing.wallets where fence_epoch is not null
            """),
    ];

    public static IEnumerable<string> Invariants => Checks.Select(check => check.Invariant);

    public static async Task<IReadOnlyList<Violation>> CheckAsync(string postgres)
    {
        List<Violation> violations = [];
        foreach (var (invariant, sql) in Checks)
        {
            violations.AddRange((await ReadTextAsync(postgres, sql)).Select(row => new Violation(invariant, row)));
        }

        return violations;
    }

    /// <summary>First column of every row.</summary>
    public static async Task<IReadOnlyList<string>> ReadTextAsync(string postgres, string sql)
    {
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        }

        return rows;
    }
}

/// <summary>A broken invariant.</summary>
/// <param name="Evidence">The row, the call or the log line that breaks it.</param>
internal sealed record Violation(string Invariant, string Evidence);
