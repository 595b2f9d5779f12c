using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks.Chat.Constraints;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>A decoder with the scheduler that drives it.</summary>
internal sealed class LoadedDecoder(DecoderModel model, DecoderScheduler scheduler, PromptReader prompts, TimeProvider clock, int slots)
    : LoadedModel(model.Installed)
{
    /// <summary>Prompt of the warm-up in all slots. With what follows it fits the first page of each head's keys in each row: of a large
    /// model, two more pages would take 130 MB.</summary>
    private const int SharedWarmUpTokens = 4;

    private static readonly RequestIdentity WarmUp = new(Guid.Empty, 0, Guid.Empty);

    public DecoderModel Model { get; } = model;

    public DecoderScheduler Scheduler { get; } = scheduler;

    /// <summary>Turns requests into the ids that the model is fed.</summary>
    public PromptReader Prompts { get; } = prompts;

    /// <summary>Grammars that its answers are held to.</summary>
    public GrammarCache Grammars { get; } = new(() => TokenVocabulary.Of(model.Tokenizer, model.Marks.EosIds, model.CallMarks));

    public TimeProvider Clock { get; } = clock;

    public override ModelCard Card => Installed.ToCard() with
    {
        ContextLength = Scheduler.MaxLength,
        Measure = Model.Measure,
    };

    public override ModelLoad Load => Scheduler.Load;

    public override int Slots { get; } = slots;

    public override double TokensPerSecond => Scheduler.TokensPerSecond;

    public override TimeSpan Stalled => Scheduler.Stalled;

    /// <summary>Reads a prompt and generates two tokens, alone and in all slots.</summary>
    public override async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        await GenerateAsync(1, Model.Manifest.WarmUpTokens, cancellationToken);
        if (Slots > 1)
        {
            await GenerateAsync(Slots, Math.Min(SharedWarmUpTokens, Model.Manifest.WarmUpTokens), cancellationToken);
        }
    }

    private async Task GenerateAsync(int choices, int tokens, CancellationToken cancellationToken)
    {
        var length = Math.Clamp(tokens, 1, Scheduler.MaxLength - 2);
        var plan = new ChoicePlan(new Sampling { Temperature = 0 }, choices, MaxOutput: 2, Seed: 0);
        var request = new GenerationRequest(WarmUp, [new int[length]], plan, ending: _ => { });
        if (Scheduler.TryEnqueue(request) is null)
        {
            await using var late = cancellationToken.UnsafeRegister(_ => Scheduler.Cancel(request), null);
            await request.Ended;
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (request.Failure is not null || request.Units.Output == 0 && request.Queued is null)
        {
            throw new InvalidOperationException($"The model '{Name}' failed while it was warmed up; see the log.");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await Scheduler.DisposeAsync();
        Grammars.Dispose();
        Model.Dispose();
    }
}
