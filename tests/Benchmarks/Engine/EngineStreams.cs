using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Benchmarks.Engine;

/// <summary>The worker's scheduler over a decoder, loaded as the worker loads it, with its default settings and without HTTP. It
/// guesses no tokens: the loop beside it computes each in a step of its own.</summary>
internal sealed class EngineStreams : IStreams
{
    private readonly LoadedDecoder _decoder;
    private readonly ServiceProvider _services;

    private EngineStreams(LoadedDecoder decoder, ServiceProvider services) => (_decoder, _services) = (decoder, services);

    public DecoderModel Model => _decoder.Model;

    public int Vocabulary => Model.Tokenizer.VocabularySize;

    /// <param name="repository">Folder of installed models, with one model.</param>
    public static async Task<EngineStreams> LoadAsync(string repository, int threads, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var loader = new DecoderLoader(
            new SessionFactory(ExecutionProvider.Cpu, threads), new QuietOrganizations(),
            new DecoderOptions(Options.Create(new GenerationOptions { Speculation = false }), Options.Create(new QueueOptions())),
            ActivatorUtilities.CreateInstance<InferenceMetrics>(services), TimeProvider.System, NullLoggerFactory.Instance);
        var decoder = (LoadedDecoder)await loader.LoadAsync(new ModelStore(repository).List()[0], cancellationToken);
        await decoder.WarmUpAsync(cancellationToken);
        return new EngineStreams(decoder, services);
    }

    public async Task RunAsync(Prompt prompt, Action? came, CancellationToken cancellationToken)
    {
        await foreach (var _ in AnswerAsync(prompt, logprobs: null, cancellationToken))
        {
            came?.Invoke();
        }
    }

    /// <summary>The tokens of an answer with their log-probabilities and the five best instead of each.</summary>
    public async Task<IReadOnlyList<TokenChoice>> ScoreAsync(Prompt prompt, CancellationToken cancellationToken)
    {
        var tokens = new List<TokenChoice>();
        await foreach (var step in AnswerAsync(prompt, logprobs: 5, cancellationToken))
        {
            tokens.AddRange(step.Tokens);
        }

        return tokens;
    }

    public async ValueTask DisposeAsync()
    {
        await _decoder.DisposeAsync();
        await _services.DisposeAsync();
    }

    private async IAsyncEnumerable<GenerationEvent> AnswerAsync(
        Prompt prompt, int? logprobs, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sampling = new Sampling { Temperature = 0, IgnoreEos = true, Logprobs = logprobs };
        var request = new GenerationRequest(
            new RequestIdentity(Guid.NewGuid(), 1, prompt.Organization), [prompt.Ids], new ChoicePlan(sampling, 1, prompt.Tokens, Seed: 1),
            ending: _ => { });
        if (_decoder.Scheduler.TryEnqueue(request) is { } refusal)
        {
            throw new InvalidOperationException(refusal.Message);
        }

        await using var leaves = cancellationToken.Register(() => _decoder.Scheduler.Cancel(request));
        await foreach (var step in request.Events.ReadAllAsync(CancellationToken.None))
        {
            yield return step;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (request.Failure is not null || request.Units.Output != prompt.Tokens)
        {
            throw new InvalidOperationException(
                $"The engine gave {request.Units.Output} tokens instead of {prompt.Tokens}: {request.Failure?.Message}");
        }
    }
}
