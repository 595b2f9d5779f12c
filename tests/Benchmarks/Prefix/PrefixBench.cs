using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Benchmarks.Machine;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Telemetry;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Prefix;

/// <summary>
/// Prompts with one beginning and ends of their own, one token generated behind each: first with the beginning kept, then, of another
/// organization each, computed whole. The processor's time of this process, in turns on one thread, so that a busy machine changes no
/// ratio.
/// </summary>
internal static class PrefixBench
{
    private const int Shared = 1000;
    private const int Own = 24;
    private const int Rounds = 8;

    /// <param name="file">GGUF file of a decoder with a context of 1,026 tokens at least.</param>
    public static async Task<PrefixReport> RunAsync(string file, CancellationToken cancellationToken)
    {
        var sessions = new SessionFactory(ExecutionProvider.Cpu, threads: 1);
        var installed = await ModelImport.RunAsync(
            file, "bench", TestFolder.Create("prefix"), new(), progress: null, cancellationToken);
        using var model = await DecoderModel.LoadAsync(installed, sessions, TimeProvider.System, cancellationToken);
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var options = new GenerationOptions();
        await using var scheduler = new DecoderScheduler(new DecoderScope
        {
            Model = "bench",
            Session = model.Session,
            Size = model.Shape,
            MaxLength = model.ContextLength,
            ChunkLengths = ChunkTrial.Run(model.Shape.HeadWidth, CacheType.Of(model.Session), options.MaxChunk, sessions),
            Tokenizer = model.Tokenizer,
            IsEnd = model.IsEnd,
            Options = options,
            Queue = new QueueOptions(),
            Quiet = new QuietOrganizations(),
            Metrics = ActivatorUtilities.CreateInstance<InferenceMetrics>(services),
            Clock = TimeProvider.System,
            Logger = NullLogger.Instance,
        });
        var organization = Guid.NewGuid();
        await AskAsync(scheduler, organization, number: 0); // Reads the beginning, and allocates.
        var (cold, warm, cached) = (0.0, 0.0, 0L);
        for (var round = 1; round <= Rounds; round++)
        {
            cold += (await AskAsync(scheduler, Guid.NewGuid(), round)).Seconds;
            var (seconds, units) = await AskAsync(scheduler, organization, round);
            (warm, cached) = (warm + seconds, cached + units.Cached);
        }

        return new PrefixReport(
            MachineFacts.Read(TimeProvider.System), Shared + Own, cached / Rounds, 1000 * cold / Rounds, 1000 * warm / Rounds);
    }

    private static async Task<(double Seconds, Units Units)> AskAsync(DecoderScheduler scheduler, Guid organization, int number)
    {
        int[] prompt = [.. Enumerable.Range(0, Shared + Own).Select(i => 100 + (i * 7 % 900) + (i < Shared ? 0 : number))];
        var request = new GenerationRequest(
            new RequestIdentity(Guid.NewGuid(), 1, organization), [prompt],
            new ChoicePlan(new Sampling { Temperature = 0 }, 1, MaxOutput: 1, Seed: 1), ending: _ => { });
        var before = Environment.CpuUsage.TotalTime;
        if (scheduler.TryEnqueue(request) is { } refusal)
        {
            throw new InvalidOperationException(refusal.Message);
        }

        await request.Ended;
        return request.Failure is { } failure
            ? throw new InvalidOperationException(failure.Message)
            : ((Environment.CpuUsage.TotalTime - before).TotalSeconds, request.Units);
    }
}

/// <summary>Means of one request.</summary>
/// <param name="Cached">Tokens of the prompt that were not computed.</param>
/// <param name="ColdMs">Processor's time of a prompt that is computed whole, milliseconds.</param>
/// <param name="WarmMs">That of one whose beginning was kept.</param>
internal sealed record PrefixReport(MachineFacts Machine, int Prompt, long Cached, double ColdMs, double WarmMs)
{
    public double Ratio => WarmMs / ColdMs;

    public bool Holds => Ratio <= 0.1;
}
