using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>The real tiny-assistant, imported once for all tests over the scheduler.</summary>
public sealed class TinyDecoder : IAsyncLifetime
{
    private DecoderModel? _model;

    internal DecoderModel Model => _model!;

    public async Task InitializeAsync()
    {
        var file = Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf");
        var installed = await ModelImport.RunAsync(
            file, "tiny-assistant", TestFolder.Create("models"), new(), progress: null, CancellationToken.None);
        _model = await DecoderModel.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
    }

    public Task DisposeAsync()
    {
        _model?.Dispose();
        return Task.CompletedTask;
    }

    internal DecoderScheduler Start(
        GenerationOptions? options = null, ITokenizer? tokenizer = null, QueueOptions? queue = null) =>
        Start(Model, options, tokenizer, queue);

    /// <param name="watch">Gets the engine, which the scheduler owns, and returns what it uses instead.</param>
    internal DecoderScheduler Start(GenerationOptions options, Func<IDecoderEngine, IDecoderEngine> watch)
    {
        var scope = Scope(Model, options, tokenizer: null, queue: null);
        var open = scope.Open;
        return new DecoderScheduler(scope with { Open = (asked, rows, length) => watch(open(asked, rows, length)) });
    }

    internal static DecoderScheduler Start(
        DecoderModel model, GenerationOptions? options = null, ITokenizer? tokenizer = null, QueueOptions? queue = null) =>
        new(Scope(model, options, tokenizer, queue));

    internal static DecoderScope Scope(
        DecoderModel model, GenerationOptions? options, ITokenizer? tokenizer, QueueOptions? queue) => WithLengths(model, new DecoderScope
    {
        Model = model.Manifest.Name,
        Session = model.Session,
        Size = model.Shape,
        MaxLength = model.ContextLength,
        ChunkLengths = [],
        Tokenizer = tokenizer ?? model.Tokenizer,
        IsEnd = model.IsEnd,
        Options = options ?? new GenerationOptions(),
        Queue = queue ?? new QueueOptions(),
        Quiet = new QuietOrganizations(),
        Metrics = new InferenceMetrics(new TestMeters()),
        Clock = TimeProvider.System,
        Logger = NullLogger.Instance,
    });

    private static DecoderScope WithLengths(DecoderModel model, DecoderScope scope)
    {
        var (width, cache, sessions) = (model.Shape.HeadWidth, CacheType.Of(model.Session), new SessionFactory(ExecutionProvider.Cpu));
        var lengths = ChunkTrial.Run(width, cache, scope.Options.MaxChunk, sessions);
        return scope with { ChunkLengths = lengths, ReadsTogether = TogetherTrial.Run(width, cache, lengths, sessions) };
    }

    internal GenerationRequest Ask(
        string question, Sampling? sampling = null, int choices = 1, int maxOutput = 60, long seed = 1, Guid organization = default,
        ServiceClass serviceClass = ServiceClass.Standard,
        Action<GenerationRequest>? ending = null)
    {
        var prompt = Model.EncodePrompt($"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n", allowSpecial: true);
        var identity = new RequestIdentity(Guid.NewGuid(), 1, organization, serviceClass);
        var plan = new ChoicePlan(sampling ?? new Sampling { Temperature = 0 }, choices, maxOutput, seed);
        return new GenerationRequest(identity, [[.. prompt]], plan, ending ?? (_ => { }));
    }

    /// <summary>Runs a request to its end and returns the text of each choice.</summary>
    internal static async Task<string[]> RunAsync(DecoderScheduler scheduler, GenerationRequest request)
    {
        Assert.Null(scheduler.TryEnqueue(request));
        return await ReadAsync(request);
    }

    internal static async Task<string[]> ReadAsync(GenerationRequest request)
    {
        var texts = new string[request.Choices.Count];
        await foreach (var step in request.Events.ReadAllAsync())
        {
            texts[step.Choice] += step.Text;
        }

        return texts;
    }
}

[CollectionDefinition(nameof(TinyDecoder))]
public sealed class TinyDecoderCollection : ICollectionFixture<TinyDecoder>;
