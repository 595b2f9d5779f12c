using System.CommandLine;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Usage;

namespace Tollgate.Cli.Gateways;

/// <summary><c>tollgate gateways list|retire</c>.</summary>
internal static class GatewaysCommand
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60); // A running gateway contacts Billing every second.
    private static readonly Argument<Guid> Journal = new("JOURNAL")
    {
        Description = "The journal's id, as list shows it.",
        CustomParser = result => Ids.Read(result, "JOURNAL", "the id of a journal. See: ./tollgate gateways list") ?? Guid.Empty,
    };

    private static readonly Option<bool> Force = new("--force") { Description = "Also one that spoke within the last minute." };

    public static Command Create() => new("gateways", "Gateways and their journals, as Billing knows them.")
    {
        new Command("list", "Every journal that ever registered.").Does(ListAsync),
        new Command(
            "retire", "Gives a journal up for lost: its requests are billed by the workers' logs, its money goes back to the wallets.")
        {
            Journal, Force,
        }.Does(RetireAsync),
    };

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var journals = await ReadAsync(client, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"{"GATEWAY",-24} {"JOURNAL",-36} {"BOOT",5} {"CURSOR",15} {"LAST SEEN",-20} {"FENCES",6} STATE");
        foreach (var journal in journals)
        {
            var state = journal.Retired ? "retired" : journal.Deregistered ? "stopped" : IsSilent(journal) ? "silent" : "running";
            await Console.Out.WriteLineAsync(
                $"{journal.GatewayId,-24} {journal.Id,-36} {journal.Boot,5} {journal.Cursor,15}"
                + $" {journal.LastSeen.UtcDateTime,-20:yyyy-MM-dd HH:mm:ss} {journal.FencesOpen,6} {state}");
        }

        return 0;
    }

    private static async Task<int> RetireAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var id = parsed.GetRequiredValue(Journal);
        var journal = (await ReadAsync(client, cancellationToken)).FirstOrDefault(journal => journal.Id == id)
            ?? throw new OperatorException($"Billing knows no journal {id}. See: {target.Hint("gateways list")}");
        if (!journal.Deregistered && !IsSilent(journal) && !parsed.GetValue(Force))
        {
            throw new OperatorException(
                $"Journal {id} of gateway {journal.GatewayId} spoke within the last minute."
                + " Stop the gateway first, or repeat with --force.");
        }

        using var response = await client.SendAsync(
            "billing", HttpMethod.Post, $"/internal/journals/{id}/retire", null, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"Journal {id} of gateway {journal.GatewayId} is retired. Its unshipped requests are billed from the workers' logs once"
            + " the others have acknowledged the next epoch; what they did not spend returns to the wallets.");
        return 0;
    }

    private static Task<IReadOnlyList<JournalState>> ReadAsync(OperatorClient client, CancellationToken cancellationToken) =>
        client.GetAsync("billing", "/internal/journals", ContractsJson.Default.IReadOnlyListJournalState, cancellationToken);

    private static bool IsSilent(JournalState journal) => TimeProvider.System.GetUtcNow() - journal.LastSeen > Silence;
}
