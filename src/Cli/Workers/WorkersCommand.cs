using System.CommandLine;
using System.Globalization;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;

namespace Tollgate.Cli.Workers;

/// <summary><c>tollgate workers list|drain|undrain|forget</c>.</summary>
internal static class WorkersCommand
{
    private static readonly Argument<string> Id = new("ID") { Description = "The worker's name, as list shows it." };

    public static Command Create() => new("workers", "Workers: those that registered, and those of the gateways' static list.")
    {
        new Command("list", "Every worker with its state and load.").Does(ListAsync),
        new Command("drain", "Sends a worker nothing new; what runs there ends. Holds over its restarts.") { Id }
            .Does(Order("drain", "gets no new requests. Undo it with: ./tollgate workers undrain")),
        new Command("undrain", "Sends a drained worker requests again.") { Id }.Does(Order("undrain", "gets requests again.")),
        new Command("forget", "Gives a worker and its log up for lost, so that the comparison with bills no longer waits for it.") { Id }
            .Does(Order("forget", "is forgotten.")),
    };

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var workers = await ReadAsync(client, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"{"WORKER",-24} {"STATE",-12} {"SINCE",-20} {"ADDRESS",-32} {"MODEL",-24} {"RUNNING",9} {"WAITING",8} {"TOKENS/S",9}");
        foreach (var worker in workers)
        {
            await WriteAsync(worker);
        }

        return 0;
    }

    private static async Task WriteAsync(WorkerLine worker)
    {
        var state = worker.State.ToString().ToLowerInvariant();
        var since = worker.Since?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "-";
        var head = $"{worker.Id,-24} {state,-12} {since,-20} {worker.Url,-32}";
        var models = worker.State is WorkerState.Silent or WorkerState.Stopped ? [] : worker.Status?.Models ?? [];
        if (models.Count == 0)
        {
            await Console.Out.WriteLineAsync($"{head} -");
        }

        foreach (var model in models)
        {
            var running = model.Slots > 0 ? $"{model.Active} of {model.Slots}" : $"{model.Active}";
            await Console.Out.WriteLineAsync(
                $"{head} {model.Card.Name,-24} {running,9} {model.Queued,8}"
                + $" {model.TokensPerSecond.ToString("0", CultureInfo.InvariantCulture),9}");
        }
    }

    private static Func<ParseResult, Target, CancellationToken, Task<int>> Order(string verb, string done) =>
        async (parsed, target, cancellationToken) =>
        {
            using var client = target.Connect();
            var id = parsed.GetRequiredValue(Id);
            if (!(await ReadAsync(client, cancellationToken)).Any(worker => worker.Id == id && worker.Registered))
            {
                throw new OperatorException(
                    $"No worker has registered as {id}. See: {target.Hint("workers list")}. One of the static list is taken out there.");
            }

            using var response = await client.SendAsync(
                "accounts", HttpMethod.Post, $"/internal/workers/{Uri.EscapeDataString(id)}/{verb}", null, cancellationToken);
            await Console.Out.WriteLineAsync($"Worker {id} {done}");
            return 0;
        };

    private static Task<IReadOnlyList<WorkerLine>> ReadAsync(OperatorClient client, CancellationToken cancellationToken) =>
        client.GetAsync("accounts", "/internal/workers/list", ContractsJson.Default.IReadOnlyListWorkerLine, cancellationToken);
}
