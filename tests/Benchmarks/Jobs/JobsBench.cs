using System.Globalization;
using System.Text.Json;
using Tollgate.Benchmarks.Machine;
using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Jobs;

/// <summary>What is measured.</summary>
/// <param name="Model">Embedding model to fine-tune, a file or folder; null for an LSTM.</param>
/// <param name="Rounds">Turns of alone and beside.</param>
/// <param name="Turn">Length of a turn.</param>
/// <param name="IsOrdinary">Whether the job's threads have the priority of all others.</param>
internal sealed record JobsPlan(string? Model, int Rounds, TimeSpan Turn, bool IsOrdinary);

/// <summary>
/// Text streams that start at a fixed pace, in turns without and with a fine-tuning job beside them. The job is paused and resumed as a
/// customer does; a turn beside begins when it advances.
/// </summary>
internal static class JobsBench
{
    private const string Jobs = "/v1/fine_tuning/jobs";
    private const string Base = "base";
    private const string Price = "0.01"; // The welcome credit pays for the whole job.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public static async Task<string> RunAsync(JobsPlan plan, CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Read(TimeProvider.System);
        await using var cluster = await StartAsync(plan);
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var key = (await cluster.BootstrapAsync(client)).KeyText!;
        await RunAsync(cluster, "prices", "set", "lstm:training", "--price-out", Price);
        if (plan.Model is { } model)
        {
            await RunAsync(cluster, "models", "import", model, "--name", Base, "--price-in", Price);
            await RunAsync(cluster, "prices", "set", $"{Base}:training", "--price-out", Price);
        }

        using var api = new LearningApi(cluster.Api[0], key, Patience);
        using var streams = new PacedStreams(cluster.Api[0], key);
        await Until.TrueAsync(() => streams.IsServedAsync(cancellationToken), "streams are served", Patience);
        await streams.RunAsync(plan.Turn, cancellationToken); // Compiles methods.
        var job = await api.CreateAsync(Jobs, Order(plan.Model is not null, await api.SendAsync(Examples(), "fine-tune")));
        var (alone, beside) = (new StreamTimes(), new StreamTimes());
        (string Name, int Id)[] parts = [.. cluster.Processes.Where(part => part.IsRunning).Select(part => (part.Name, part.Id))];
        async Task MeasureAsync(StreamTimes times)
        {
            var processors = new CpuWatch(parts);
            times.Add(await streams.RunAsync(plan.Turn, cancellationToken), processors.Read());
        }

        for (var round = 0; round < plan.Rounds; round++)
        {
            var tokens = await AdvancedAsync(api, job, 0);
            await AdvancedAsync(api, job, tokens);
            await MeasureAsync(beside);
            await api.CreateAsync($"{Jobs}/{job}/pause", "{}");
            await StatusAsync(api, job, "paused");
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            await MeasureAsync(alone);
            await api.CreateAsync($"{Jobs}/{job}/resume", "{}");
        }

        await api.CreateAsync($"{Jobs}/{job}/cancel", "{}");
        await StatusAsync(api, job, "cancelled");
        var what = plan.Model is null ? "lstm" : "encoder over " + Path.GetFileName(plan.Model);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {machine}
            {what}, {(plan.IsOrdinary ? "ordinary" : "lowest")} priority
            alone   {alone}
            beside  {beside}
            beside ÷ alone, slowest hundredth: {beside.Beside(alone)}
            """);
    }

    private static Task<TollgateCluster> StartAsync(JobsPlan plan) => TollgateCluster.StartAsync(
        Directory.CreateTempSubdirectory("tollgate-bench-jobs-").FullName,
        new ClusterPlan
        {
            Trainer = true,
            Stripe = false,
            Environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["trainer"] = new Dictionary<string, string>
                {
                    ["TOLLGATE__Trainer__LowestPriority"] = plan.IsOrdinary ? "false" : "true",
                },
            },
        });

    /// <summary>A command of the operator.</summary>
    private static async Task RunAsync(TollgateCluster cluster, params string[] command)
    {
        var program = Path.Combine(
            SharedFiles.Repository, "artifacts", "bin", "Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')),
            "Tollgate.Cli.dll");
        (await ProgramRun.RunAsync("dotnet", [program, .. command], cluster.OperatorEnvironment, patience: Patience)).Succeeded();
    }

    /// <summary>Sentences of 40 words.</summary>
    private static string Examples()
    {
        var random = new Random(3);
        var words = "the room film was very good bad and people in it liked nothing some food".Split(' ');
        return string.Concat(Enumerable.Range(0, 5_000).Select(i =>
            $$"""
            {"text":"{{string.Join(' ', Enumerable.Range(0, 40).Select(_ => words[random.Next(words.Length)]))}} {{i}}","label":"{{i % 2}}"}

            """));
    }

    private static string Order(bool isEncoder, string file)
    {
        var (model, method, epochs) = isEncoder ? (Base, "encoder", 40) : ("lstm", "lstm", 400);
        return
            $$"""
            {"model":"{{model}}","training_file":"{{file}}","seed":1,"early_stopping":false,
             "method":{"type":"{{method}}","{{method}}":{"hyperparameters":{"n_epochs":{{epochs}} } } } }
            """;
    }

    /// <summary>Waits until the job runs and has trained more tokens than some. Returns how many.</summary>
    private static Task<long> AdvancedAsync(LearningApi api, string job, long than) => WaitAsync(
        api, job, "running",
        seen => seen.GetProperty("trained_tokens") is { ValueKind: JsonValueKind.Number } tokens && tokens.GetInt64() > than
            ? tokens.GetInt64()
            : null);

    private static Task<long> StatusAsync(LearningApi api, string job, string status) => WaitAsync(api, job, status, _ => 0);

    private static async Task<long> WaitAsync(LearningApi api, string job, string status, Func<JsonElement, long?> read)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var seen = await api.ShowAsync($"{Jobs}/{job}");
            if (seen.GetProperty("status").GetString() == status && read(seen) is { } value)
            {
                return value;
            }

            if (TimeProvider.System.GetElapsedTime(since) > Patience || seen.GetProperty("status").GetString() is "failed" or "succeeded")
            {
                throw new InvalidOperationException($"The job is not {status}: {seen}");
            }

            await Task.Delay(Look);
        }
    }
}
