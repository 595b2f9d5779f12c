using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Models;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>
/// The <c>bench</c> verb: tokens a second of the scheduler at several widths, against one request at a time and against a bare loop over
/// ONNX Runtime that does the same work — as many rows, prompts and tokens, the
/// likeliest token each — without queue, sampler, text and events.
/// </summary>
internal static class Benchmark
{
    private const int PromptTokens = 32;
    private const int Rounds = 3;
    private static readonly int[] Widths = [1, 8, 32];

    /// <param name="args"><c>--Models:Directory=…</c>, and <c>--Execution:…</c> and <c>--Bench:Tokens=…</c> (default 96) if
    /// wanted.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables("TOLLGATE__").AddCommandLine(args).Build();
        var execution = configuration.GetSection(ExecutionOptions.Section).Get<ExecutionOptions>() ?? new ExecutionOptions();
        var store = new ModelStore(
            configuration["Models:Directory"] ?? throw new InvalidOperationException("Models:Directory is not set."));
        var tokens = configuration.GetValue("Bench:Tokens", 96);
        var sessions = ProviderProbe.CreateSessions(execution);
        foreach (var installed in store.List().Where(model => model.Manifest.Task == ModelTask.Chat.Name))
        {
            using var model = await DecoderModel.LoadAsync(installed, sessions, TimeProvider.System, CancellationToken.None);
            Console.WriteLine(
                $"{installed.Manifest.Name}: {sessions.Provider.Name}, {sessions.Threads} threads, "
                + $"prompts of {PromptTokens} tokens, {tokens} generated each");
            await MeasureAsync(model, sessions, tokens);
        }

        return 0;
    }

    private static async Task MeasureAsync(DecoderModel model, SessionFactory sessions, int tokens)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = ActivatorUtilities.CreateInstance<InferenceMetrics>(services);
        var (headWidth, cache) = (model.Shape.HeadWidth, CacheType.Of(model.Session));
        var lengths = ChunkTrial.Run(headWidth, cache, new GenerationOptions().MaxChunk, sessions);
        var scope = new DecoderScope
        {
            Model = model.Manifest.Name,
            Session = model.Session,
            Size = model.Shape,
            MaxLength = Math.Min(model.ContextLength, PromptTokens + tokens),
            ChunkLengths = lengths,
            ReadsTogether = TogetherTrial.Run(headWidth, cache, lengths, sessions),
            Threads = Math.Min(sessions.Threads, model.Shape.MostThreads),
            Open = DecoderEngines.On(sessions.Provider),
            Tokenizer = model.Tokenizer,
            IsEnd = model.IsEnd,
            Options = new GenerationOptions { Speculation = false }, // The bare loop guesses nothing.
            Queue = new QueueOptions(),
            Quiet = new QuietOrganizations(),
            Metrics = metrics,
            Clock = TimeProvider.System,
            Logger = NullLogger.Instance,
        };
        await using var scheduler = new DecoderScheduler(scope);
        using var steps = scope.Open(scope, Widths[^1], PromptTokens + tokens);
        await ScheduleAsync(scheduler, model, 1, tokens); // The first run allocates.
        var (alone, widest) = (0.0, 0.0);
        foreach (var width in Widths)
        {
            var (ours, raw) = (0.0, 0.0);
            for (var round = 0; round < Rounds; round++) // In turns, so that a busy machine is unfair to both alike.
            {
                ours = Math.Max(ours, await RateAsync(width * tokens, () => ScheduleAsync(scheduler, model, width, tokens)));
                raw = Math.Max(raw, await RateAsync(width * tokens, () => Task.Run(() => RunBare(steps, width, tokens))));
            }

            (alone, widest) = (width == 1 ? ours : alone, ours);
            var (ratio, gain) = (ours / raw, ours / alone);
            Print(
                $"  {width,2} streams: {ours,8:0} tokens/s; bare loop {raw,8:0} tokens/s; ratio {ratio:0.00}; {gain:0.0} x one at a time");
        }

        var oneByOne = await RateAsync(8 * tokens, async () =>
        {
            for (var i = 0; i < 8; i++)
            {
                await ScheduleAsync(scheduler, model, 1, tokens);
            }
        });
        Print($"  one at a time: {oneByOne:0} tokens/s; {Widths[^1]} streams give {widest / oneByOne:0.0} x that");
    }

    private static async Task<double> RateAsync(int tokens, Func<Task> run)
    {
        var started = TimeProvider.System.GetTimestamp();
        await run();
        return tokens / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private static Task ScheduleAsync(DecoderScheduler scheduler, DecoderModel model, int width, int tokens) =>
        Task.WhenAll(Enumerable.Range(0, width).Select(async i =>
    {
        var sampling = new Sampling { Temperature = 0, LogitBias = model.Marks.EosIds.ToDictionary(id => id, _ => -100f) };
        var request = new GenerationRequest(
            new RequestIdentity(Guid.NewGuid(), 1, Guid.Empty), [Prompt(i)], new ChoicePlan(sampling, 1, tokens, Seed: i), ending: _ =>
                { });
        if (scheduler.TryEnqueue(request) is { } refusal)
        {
            throw new InvalidOperationException(refusal.Message);
        }

        await foreach (var step in request.Events.ReadAllAsync())
        {
            _ = step.Text;
        }
    }));

    private static void RunBare(IDecoderEngine steps, int width, int tokens)
    {
        var (newest, past) = (new int[width], new int[width]);
        Array.Fill(past, PromptTokens);
        if (steps.ReadsTogether)
        {
            steps.ReadFirst(0, [.. Enumerable.Range(0, width).Select(row => (ReadOnlyMemory<int>)Prompt(row))], PromptTokens);
        }

        for (var row = 0; row < width; row++)
        {
            if (!steps.ReadsTogether)
            {
                steps.Extend(row, Prompt(row), past: 0);
            }

            newest[row] = TensorPrimitives.IndexOfMax<float>(steps.Logits(steps.ReadsTogether ? row : 0));
        }

        for (var step = 1; step < tokens; step++)
        {
            steps.Decode(newest, past);
            for (var row = 0; row < width; row++)
            {
                newest[row] = TensorPrimitives.IndexOfMax<float>(steps.Logits(row));
                past[row]++;
            }
        }
    }

    private static int[] Prompt(int seed) => [.. Enumerable.Range(0, PromptTokens).Select(i => 10 + ((i * 7) + (seed * 13)) % 200)];

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
