using System.Globalization;
using Npgsql;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Contracts.Usage;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>
/// What customers used and nobody paid. The one reason for it: a gateway charged a client that left for what had gone out, the till spent the
/// rest elsewhere, and then the gateway's journal was lost; its worker's log knows only what was generated.
/// </summary>
internal static class OperatorLosses
{
    public const string Invariant = "no operator loss but for what a lost gateway's worker made for a client that had left";

    public static async Task<IReadOnlyList<Violation>> CheckAsync(
        string postgres, IReadOnlyCollection<CallRecord> calls, IReadOnlyList<BilledRow> rows)
    {
        var amounts = rows.Where(row => row is { Source: UsageSource.Worker, Seq: 0 }).ToDictionary(row => row.RequestId, row => row.Amount);
        var allowed = calls
            .Where(call => call.End != CallEnd.Whole && call.RequestId is { } id && amounts.ContainsKey(id))
            .GroupBy(call => call.Key.Customer.OrganizationId)
            .ToDictionary(group => group.Key, group => group.Sum(call => amounts[call.RequestId!.Value]));
        List<Violation> violations = [];
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "select organization_id, -sum(amount) from billing.ledger_entries where account = 'operator_loss' group by organization_id",
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var (organization, loss) = (reader.GetGuid(0), reader.GetDecimal(1));
            var explained = allowed.GetValueOrDefault(organization);
            if (loss > explained)
            {
                violations.Add(new Violation(
                    Invariant, string.Create(CultureInfo.InvariantCulture, $"{organization} lost {loss}, of which {explained} is explained")));
            }
        }

        return violations;
    }
}
