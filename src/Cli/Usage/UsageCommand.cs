using System.CommandLine;
using System.Globalization;
using System.Net.Http.Json;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Reports;

namespace Tollgate.Cli.Usage;

/// <summary><c>tollgate usage rejected list|book|dismiss</c>.</summary>
internal static class UsageCommand
{
    private static readonly Argument<string> Id = new("ID") { Description = "The request's id, as list shows it." };
    private static readonly Option<string> Reason = new("--reason") { Description = "Why; it is kept with the row.", Required = true };

    public static Command Create() => new("usage", "Usage of all organizations.")
    {
        new Command("rejected", "Usage that Billing could not book.")
        {
            new Command("list", "What waits for a decision, oldest first.").Does(ListAsync),
            new Command("book", "Books it now and charges the organization.") { Id, Reason }.Does(Order(RejectedResolution.Book, "booked")),
            new Command("dismiss", "Closes it and charges nobody.") { Id, Reason }.Does(Order(RejectedResolution.Dismiss, "dismissed")),
        },
    };

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var rows = await ReadAsync(client, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"{"ID",-36} {"ORGANIZATION",-36} {"ADMITTED",-20} {"MODEL",-24} {"IN",8} {"OUT",8} {"OTHER",-30} {"USD",14} REASON");
        foreach (var row in rows)
        {
            var usage = row.Usage;
            await Console.Out.WriteLineAsync(
                $"{PublicId(usage.RequestId),-36} {usage.OrganizationId,-36} {usage.AdmittedAt.UtcDateTime,-20:yyyy-MM-dd HH:mm:ss}"
                + $" {usage.Model,-24} {usage.Units.Prompt,8} {usage.Units.Completion,8}"
                + $" {Media(usage.Units),-30}"
                + $" {row.AmountUsd?.ToString(CultureInfo.InvariantCulture) ?? "no price",14} {row.Reason}");
        }

        return 0;
    }

    private static Func<ParseResult, Target, CancellationToken, Task<int>> Order(RejectedResolution resolution, string done) =>
        async (parsed, target, cancellationToken) =>
        {
            using var client = target.Connect();
            var id = parsed.GetRequiredValue(Id);
            var waiting = (await ReadAsync(client, cancellationToken))
                .Where(row => PublicId(row.Usage.RequestId) == id || row.Usage.RequestId.ToString() == id).ToList();
            if (waiting.Count == 0)
            {
                throw new OperatorException($"No rejected usage {id} waits. See: {target.Hint("usage rejected list")}");
            }

            foreach (var usage in waiting.Select(row => row.Usage))
            {
                var order = new ResolveRejectedUsage(resolution, "command line", parsed.GetRequiredValue(Reason));
                using var response = await client.SendAsync(
                    "billing", HttpMethod.Post,
                    string.Create(
                        CultureInfo.InvariantCulture, $"/internal/rejected-usage/{usage.OrganizationId}/{usage.RequestId}/{usage.Seq}"),
                    JsonContent.Create(order, ContractsJson.Default.ResolveRejectedUsage), cancellationToken);
                await Console.Out.WriteLineAsync($"{id} of organization {usage.OrganizationId} is {done}.");
            }

            return 0;
        };

    /// <summary>Formats the counts of all units but tokens that are above 0.</summary>
    private static string Media(Units units)
    {
        (long Count, string Unit)[] counts =
        [
            (units.AudioMs, "ms"), (units.Images, "images"), (units.Pixels, "pixels"), (units.Steps, "steps"), (units.Calls, "calls"),
            (units.Elements, "elements"),
        ];
        return string.Join(' ', counts.Where(count => count.Count > 0).Select(
            count => string.Create(CultureInfo.InvariantCulture, $"{count.Count} {count.Unit}")));
    }

    private static string PublicId(Guid requestId) => $"req_{requestId:N}";

    private static Task<IReadOnlyList<RejectedUsage>> ReadAsync(OperatorClient client, CancellationToken cancellationToken) =>
        client.GetAsync("billing", "/internal/rejected-usage", ContractsJson.Default.IReadOnlyListRejectedUsage, cancellationToken);
}
