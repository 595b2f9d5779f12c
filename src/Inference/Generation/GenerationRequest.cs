using System.Text;
using System.Threading.Channels;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Generation;

/// <summary>Why an answer ended.</summary>
internal enum FinishReason
{
    /// <summary>By the model's end token or a stop text.</summary>
    Stop = 1,

    /// <summary>At the output cap or the end of the context.</summary>
    Length = 2,

    /// <summary>After calls of functions, which the caller is to answer.</summary>
    ToolCalls = 3,
}

/// <summary>A token of an answer or of a scored prompt, for <c>logprobs</c>.</summary>
/// <param name="Logprob">NaN for the first token of a prompt, which nothing precedes.</param>
internal sealed record TokenChoice(int Token, float Logprob, TokenLogprob[] Best);

/// <summary>What one step gave for one choice.</summary>
/// <param name="Choice">Index over all choices of the request.</param>
/// <param name="Text">Text that may go out; may be empty.</param>
/// <param name="DeliveredTokens">Tokens of this choice whose text is out with this
/// event; never falls; all of them once it has finished.</param>
/// <param name="Tokens">The tokens whose text begins in this event's text, when <c>logprobs</c> were asked for.</param>
/// <param name="Finish">Set on the choice's last event.</param>
internal sealed record GenerationEvent(
    int Choice, string Text, int DeliveredTokens, IReadOnlyList<TokenChoice> Tokens, FinishReason? Finish)
{
    /// <summary>The stop text that ended the choice; null for another end.</summary>
    public string? StoppedBy { get; init; }

    /// <summary>The tokens of a scored prompt, on the first event of each of its choices; empty otherwise.</summary>
    public IReadOnlyList<TokenChoice> PromptTokens { get; init; } = [];
}

/// <summary>
/// One request to a decoder: prompts, and choices for each of them. Its choices are in the hands of a <see cref="DecoderScheduler"/>;
/// the caller reads <see cref="Events"/> to their end and then looks at <see cref="Failure"/>.
/// </summary>
internal sealed class GenerationRequest
{
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(new() { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<GenerationRequest> _ending;
    private readonly Lock _prompt = new();
    private long _generated;
    private long _computedTokens;
    private long _cachedTokens;
    private bool _promptStated;

    /// <param name="prompts">Token ids, none empty.</param>
    /// <param name="ending">Called once, when no choice is in a slot or waiting any more and before <see cref="Events"/> end.</param>
    public GenerationRequest(
        RequestIdentity identity, IReadOnlyList<int[]> prompts, ChoicePlan plan, Action<GenerationRequest> ending)
    {
        (Identity, Plan, _ending) = (identity, plan, ending);
        var stops = plan.Sampling.Stop.Select(Encoding.UTF8.GetBytes).ToList();
        foreach (var tokens in prompts)
        {
            var prompt = new Prompt(tokens, plan.ScoresPrompt ? new PromptScores(tokens, plan.Sampling.Logprobs ?? 0) : null);
            for (var i = 0; i < plan.ChoicesPerPrompt; i++)
            {
                var rules = TokenRules.Create(plan, tokens);
                var sampler = new Sampler(plan.Sampling, plan.Seed, Choices.Count, plan.Score, rules);
                var choice = new Choice(this, prompt, Choices.Count, sampler, new AnswerText(stops, plan.Sampling.IncludeStop));
                Choices.Add(choice);
                Waiting.AddLast(choice);
            }
        }

        TotalPromptTokens = prompts.Sum(prompt => (long)prompt.Length);
        Remaining = Choices.Count;
    }

    public RequestIdentity Identity { get; }

    public ChoicePlan Plan { get; }

    /// <summary>Prompt tokens of the whole request, each prompt once however many choices it has.</summary>
    public long TotalPromptTokens { get; }

    /// <summary>One reader. Ends when every choice has left its slot, after the worker's log has the request.</summary>
    public ChannelReader<GenerationEvent> Events => _events.Reader;

    /// <summary>Ends after <see cref="Events"/>. Never faults.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Set before <see cref="Events"/> end when the request failed.</summary>
    public OpenAiError? Failure { get; internal set; }

    /// <summary>Nobody wants the answer any more.</summary>
    public bool Cancelled { get; internal set; }

    /// <summary>How long the request waited for its first slot; null while it waits.</summary>
    public TimeSpan? Queued { get; internal set; }

    /// <summary>What has been computed and taken from the prefix cache so far. Any thread.</summary>
    public Units Units => new(
        Interlocked.Read(ref _computedTokens), Interlocked.Read(ref _cachedTokens), Output: Interlocked.Read(ref _generated));

    internal List<Choice> Choices { get; } = [];

    /// <summary>Choices that wait for a slot. Guarded by the scheduler's lock, as are the members below.</summary>
    internal LinkedList<Choice> Waiting { get; } = new();

    /// <summary>Choices that have not ended.</summary>
    internal int Remaining { get; set; }

    /// <summary>A scheduler has taken it.</summary>
    internal bool Enqueued { get; set; }

    internal long EnqueuedAt { get; set; }

    internal ITimer? Deadline { get; set; }

    /// <summary>No scheduler took it: it ends without an entry in the log.</summary>
    internal void Refuse()
    {
        Remaining = 0;
        _events.Writer.TryComplete();
        _ended.TrySetResult();
    }

    internal void Publish(GenerationEvent step) => _events.Writer.TryWrite(step);

    /// <summary>The units of all prompts, for a stream that begins. What is not read yet counts as computed, and will be. Any
    /// thread.</summary>
    internal Units StatePrompt()
    {
        lock (_prompt)
        {
            _promptStated = true;
            return new Units(TotalPromptTokens - _cachedTokens, _cachedTokens);
        }
    }

    internal void CountPrompt(int tokens) => Interlocked.Add(ref _computedTokens, tokens);

    /// <summary>Counts prompt tokens from the prefix cache. False once <see cref="StatePrompt"/> has said otherwise.</summary>
    internal bool TryCountCached(int tokens)
    {
        lock (_prompt)
        {
            Interlocked.Add(ref _cachedTokens, _promptStated ? 0 : tokens);
            return !_promptStated;
        }
    }

    internal void CountToken() => Interlocked.Increment(ref _generated);

    /// <summary>Tells the log and then the reader, on a pool thread: the log writes a
    /// file, and the scheduler must not wait for it.</summary>
    internal void End() => ThreadPool.UnsafeQueueUserWorkItem(
        static request =>
        {
            try
            {
                request._ending(request);
            }
            finally
            {
                request._events.Writer.TryComplete();
                request._ended.TrySetResult();
            }
        },
        this,
        preferLocal: false);
}
