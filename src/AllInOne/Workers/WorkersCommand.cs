using System.CommandLine;
using System.Globalization;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;

namespace Tollgate.AllInOne.Workers;

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

    private static async Task<int> ListAsync(ParseResult parsed, DataFolder data, CancellationToken cancellationToken)
    {
        var (client, endpoints) = OperatorClient.Connect(data);
        using (client)
        {
            var workers = await client.GetAsync(
                "accounts", $"{endpoints.AccountsInternal}/internal/workers/list", ContractsJson.Default.IReadOnlyListWorkerLine,
                cancellationToken);
            await Console.Out.WriteLineAsync(
                $"{"WORKER",-24} {"STATE",-12} {"SINCE",-20} {"ADDRESS",-32} {"MODEL",-24} {"RUNNING",9} {"WAITING",8} {"TOKENS/S",9}");
            foreach (var worker in workers)
            {
                await WriteAsync(worker);
            }
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
                $"{head} {model.Card.Name,-24} {running,9} {model.Queued,8} {model.TokensPerSecond.ToString("0", CultureInfo.InvariantCulture),9}");
        }
    }

    private static Func<ParseResult, DataFolder, CancellationToken, Task<int>> Order(string verb, string done) =>
        async (parsed, data, cancellationToken) =>
        {
            var (client, endpoints) = OperatorClient.Connect(data);
            using (client)
            {
                var id = parsed.GetRequiredValue(Id);
                await RefuseUnknownAsync(client, endpoints, id, data, cancellationToken);
                using var response = await client.SendAsync(
                    "accounts", HttpMethod.Post, $"{endpoints.AccountsInternal}/internal/workers/{Uri.EscapeDataString(id)}/{verb}", null,
                    cancellationToken);
                await Console.Out.WriteLineAsync($"Worker {id} {done}");
            }

            return 0;
        };

    private static async Task RefuseUnknownAsync(
        OperatorClient client, Endpoints endpoints, string id, DataFolder data, CancellationToken cancellationToken)
    {
        var workers = await client.GetAsync(
            "accounts", $"{endpoints.AccountsInternal}/internal/workers/list", ContractsJson.Default.IReadOnlyListWorkerLine,
            cancellationToken);
        if (!workers.Any(worker => worker.Id == id && worker.Registered))
        {
            throw new OperatorException(
                $"No worker has registered as {id}. See: ./tollgate workers list --data {data.Root}. One of the static list is taken out there.");
        }
    }
}
