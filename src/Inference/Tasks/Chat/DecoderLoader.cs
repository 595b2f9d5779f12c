using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Brings decoders into memory, each with its own scheduler.</summary>
internal sealed class DecoderLoader(
    SessionFactory sessions, QuietOrganizations quiet, DecoderOptions options, InferenceMetrics metrics, TimeProvider clock,
    ILoggerFactory loggers)
{
    private readonly ILogger _schedulerLog = loggers.CreateLogger<DecoderScheduler>();
    private readonly ILogger<PromptReader> _promptLog = loggers.CreateLogger<PromptReader>();

    /// <exception cref="ModelImportException">The version is damaged, or is not a decoder.</exception>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public async Task<LoadedModel> LoadAsync(InstalledModel installed, CancellationToken cancellationToken)
    {
        var model = await DecoderModel.LoadAsync(installed, sessions, clock, cancellationToken);
        var (width, cache) = (model.Shape.HeadWidth, CacheType.Of(model.Session));
        var lengths = ChunkTrial.Run(width, cache, options.Generation.MaxChunk, sessions);
        var scheduler = new DecoderScheduler(new DecoderScope
        {
            Model = installed.Manifest.Name,
            Session = model.Session,
            Size = model.Shape,
            MaxLength = model.ContextLength,
            ChunkLengths = lengths,
            ReadsTogether = TogetherTrial.Run(width, cache, lengths, sessions),
            Threads = Math.Min(sessions.Threads, model.Shape.MostThreads),
            Open = DecoderEngines.On(sessions.Provider),
            Tokenizer = model.Tokenizer,
            IsEnd = model.IsEnd,
            Options = installed.Manifest.Batching ? options.Generation : options.Generation.Unbatched(),
            Queue = options.Queue,
            Quiet = quiet,
            Metrics = metrics,
            Clock = clock,
            Logger = _schedulerLog,
        });
        var slots = installed.Manifest.Batching ? options.Generation.Slots : 1;
        return new LoadedDecoder(model, scheduler, new PromptReader(metrics, _promptLog), clock, slots);
    }
}

/// <summary>The settings of a decoder and of its queue.</summary>
internal sealed class DecoderOptions(IOptions<GenerationOptions> generation, IOptions<QueueOptions> queue)
{
    public GenerationOptions Generation => generation.Value;

    public QueueOptions Queue => queue.Value;
}
