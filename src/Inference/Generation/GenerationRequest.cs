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
}

/// <summary>A chosen token with its text, for <c>logprobs</c>.</summary>
internal sealed record TokenChoice(int Token, float Logprob, TokenLogprob[] Best);

/// <summary>What one step gave for one choice.</summary>
/// <param name="Choice">Index over all choices of the request.</param>
/// <param name="Text">Text that may go out; may be empty.</param>
/// <param name="DeliveredTokens">Tokens of this choice whose text is out with this
/// event; never falls; all of them once it has finished.</param>
/// <param name="Tokens">The tokens since the last event, when <c>logprobs</c> were asked for.</param>
/// <param name="Finish">Set on the choice's last event.</param>
internal sealed record GenerationEvent(
    int Choice, string Text, int DeliveredTokens, IReadOnlyList<TokenChoice> Tokens, FinishReason? Finish);

/// <summary>
/// One request to a decoder: prompts, and choices for each of them. Its choices are in the hands of a <see cref="DecoderScheduler"/>;
/// the caller reads <see cref="Events"/> to their end and then looks at <see cref="Failure"/>.
/// </summary>
internal sealed class GenerationRequest
{
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(new() { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<GenerationRequest> _ending;
    private long _generated;
    private long _promptTokens;

    /// <param name="prompts">Token ids, none empty.</param>
    /// <param name="ending">Called once, when no choice is in a slot or waiting any more and before <see cref="Events"/> end.</param>
    public GenerationRequest(
        RequestIdentity identity, IReadOnlyList<int[]> prompts, ChoicePlan plan, Action<GenerationRequest> ending)
    {
        (Identity, Plan, _ending) = (identity, plan, ending);
        var stops = plan.Sampling.Stop.Select(Encoding.UTF8.GetBytes).ToList();
        foreach (var tokens in prompts)
        {
            var prompt = new Prompt(tokens);
            for (var i = 0; i < plan.ChoicesPerPrompt; i++)
            {
                var sampler = new Sampler(plan.Sampling, plan.Seed, Choices.Count, plan.Score);
                var choice = new Choice(this, prompt, Choices.Count, sampler, new AnswerText(stops));
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

    /// <summary>What has been computed so far. Any thread.</summary>
    public Units Units => new(Interlocked.Read(ref _promptTokens), Output: Interlocked.Read(ref _generated));

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

    internal void CountPrompt(int tokens) => Interlocked.Add(ref _promptTokens, tokens);

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

/// <summary>What to generate for each prompt.</summary>
/// <param name="ChoicesPerPrompt">At least 1.</param>
/// <param name="MaxOutput">Most tokens of each choice.</param>
/// <param name="Seed">Seed of all choices; each draws its own numbers from it.</param>
/// <param name="Score">Whether the choices are ranked by log-probability afterwards.</param>
internal sealed record ChoicePlan(Sampling Sampling, int ChoicesPerPrompt, int MaxOutput, long Seed, bool Score = false);

/// <summary>A prompt that its choices share: it is read once and copied to the other choices' rows.</summary>
internal sealed class Prompt(int[] tokens)
{
    public int[] Tokens { get; } = tokens;

    /// <summary>Logits after the prompt, kept while choices wait that will start from them.</summary>
    public float[]? Logits { get; set; }

    /// <summary>A choice reads it now; the others wait for that.</summary>
    public bool Computing { get; set; }

    /// <summary>It was read in full at least once.</summary>
    public bool Computed { get; set; }

    /// <summary>Choices in decode rows, each of which starts with this prompt's keys and values.</summary>
    public List<Choice> Living { get; } = [];
}

/// <summary>One answer that is generated. Touched by the scheduler's thread alone once it is in a slot.</summary>
internal sealed class Choice(GenerationRequest request, Prompt prompt, int index, Sampler sampler, AnswerText text)
{
    private static readonly IReadOnlyList<TokenChoice> None = [];
    private List<TokenChoice>? _tokens;

    public GenerationRequest Request { get; } = request;

    public Prompt Prompt { get; } = prompt;

    public int Index { get; } = index;

    public Sampler Sampler { get; } = sampler;

    public AnswerText Text { get; } = text;

    /// <summary>Row in the arena; −1 outside.</summary>
    public int Row { get; set; } = -1;

    /// <summary>The first part of the rows that it belongs to, as of when it began to generate.</summary>
    public SlotPart Part { get; set; }

    /// <summary>Tokens whose keys and values its row holds.</summary>
    public int Cached { get; set; }

    /// <summary>Chosen last and not yet fed to the model.</summary>
    public int LastToken { get; set; }

    /// <summary>Tokens generated, the end token not counted.</summary>
    public int Generated { get; set; }

    /// <summary>Set once it has ended by itself.</summary>
    public FinishReason? Finish { get; set; }

    /// <summary>Turn in which its prompt was last read on; for round-robin.</summary>
    public long LastTurn { get; set; }

    /// <summary>Tokens that it takes at most.</summary>
    public int Reservation { get; set; }

    /// <summary>Sum of its tokens' log-probabilities, the end token's included.</summary>
    public double TotalLogprob { get; private set; }

    /// <summary>Tokens chosen, the end token included.</summary>
    public int Chosen { get; private set; }

    /// <summary>Notes a chosen token; <paramref name="visible"/> is false for the end token.</summary>
    public void Note(in SampledToken sampled, bool visible)
    {
        TotalLogprob += sampled.Logprob;
        Chosen++;
        if (visible && Request.Plan.Sampling.Logprobs is not null)
        {
            (_tokens ??= []).Add(new TokenChoice(sampled.Token, sampled.Logprob, sampled.Best ?? []));
        }
    }

    /// <summary>The tokens noted since the last call.</summary>
    public IReadOnlyList<TokenChoice> TakeTokens()
    {
        var tokens = _tokens ?? None;
        _tokens = null;
        return tokens;
    }
}
