using Tollgate.Contracts.OpenAi;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>
/// One kind of call. <see cref="All"/> is the one list of them: the load, the mixes, the samples, the floods, the canaries, the models that
/// are installed and the prices that change are all made of it.
/// </summary>
/// <param name="Name">One word, the first one of <see cref="CallPlan.Kind"/>.</param>
/// <param name="Model">Who answers.</param>
/// <param name="Weight">How often the load makes such a call, compared with the other kinds.</param>
/// <param name="Compose">Makes one by a client that stays.</param>
internal sealed record CallKind(PublicEndpoint Api, string Name, LoadModel Model, int Weight, Func<CallDraw, CallPlan> Compose)
{
    private const int MostEven = 20;

    private static readonly string[] Words =
    [
        "What is the capital of France?", "Name three colours.", "Why is the sky blue? Answer at length.", "Count from one to twenty.",
        "你好！请介绍一下你自己。", "Write a short story about a lighthouse.", "Hi",
        "Say it again: one two three, one two three, one two three, one two three.",
    ];

    /// <summary>Whether the mixes also let many such calls run beside a text stream.</summary>
    public bool Floods { get; init; }

    /// <summary>Every endpoint that runs a model, which a test compares with <see cref="PublicEndpoint.All"/>.</summary>
    public static IReadOnlyList<CallKind> All { get; } =
    [
        new(PublicEndpoint.ChatCompletions, "chat", LoadModel.Assistant, 700, TextCalls.Chat),
        new(PublicEndpoint.Messages, "message", LoadModel.Assistant, 90, TextCalls.Message),
        new(PublicEndpoint.Completions, "completion", LoadModel.Assistant, 90, TextCalls.FixedCost),
        new(PublicEndpoint.Responses, "response", LoadModel.Assistant, 150, TextCalls.Response),
        new(PublicEndpoint.Embeddings, "embedding", LoadModel.Embedder, 50, TextCalls.Embedding),
        new(PublicEndpoint.Rerank, "ranking", LoadModel.Embedder, 20, TextCalls.Ranking),
        new(PublicEndpoint.Classifications, "classification", LoadModel.Labeller, 10, TextCalls.Classification),
        new(PublicEndpoint.Predict, "prediction", LoadModel.Labeller, 20, TextCalls.Prediction),
        new(PublicEndpoint.Moderations, "moderation", LoadModel.Guard, 10, TextCalls.Moderation),
        new(PublicEndpoint.ImageClassifications, "recognition", LoadModel.Pictures, 25, PictureCalls.Recognition) { Floods = true },
        new(PublicEndpoint.ImageDetections, "detection", LoadModel.Detector, 20, PictureCalls.Detection),
        new(PublicEndpoint.ImageOcr, "reading", LoadModel.Reader, 15, PictureCalls.Reading),

        // Recordings are few: a model hears 30 s of each, however short it is.
        new(PublicEndpoint.AudioTranscriptions, "transcription", LoadModel.Speech, 15, SpeechCalls.Transcription) { Floods = true },
        new(PublicEndpoint.AudioTranslations, "translation", LoadModel.Interpreter, 15, SpeechCalls.Translation),
        new(PublicEndpoint.ImageGenerations, "drawing", LoadModel.Painter, 35, PictureCalls.Drawing) { Floods = true },
        new(PublicEndpoint.Tensors, "inference", LoadModel.Tensors, 40, TensorCalls.Inference),
    ];

    /// <summary>The models that the kinds need.</summary>
    public static IReadOnlyList<LoadModel> Models { get; } = [.. All.Select(kind => kind.Model).Distinct()];

    /// <summary>A call of the load: mostly a streamed chat. Some clients leave, and one call in five has an idempotency key and is made two
    /// or three times, of those every other one as a line of a batch.</summary>
    public static CallPlan Draw(Random random)
    {
        var plan = Choose(random, kind => kind.Weight).Make(random);
        plan = plan with
        {
            LeaveAfterEvents = plan.Stream && random.Next(100) < 20 ? random.Next(1, 10) : null,
            LeaveAfter = random.Next(100) < 8 ? TimeSpan.FromMilliseconds(random.Next(1, 600)) : null,
        };
        if (random.Next(5) > 0)
        {
            return plan;
        }

        var isBatchLine = random.Next(2) == 0;
        return plan with
        {
            IdempotencyKey = $"chaos-{random.NextInt64():x}-{random.NextInt64():x}", Times = random.Next(2, 4), IsBatchLine = isBatchLine,
            Kind = plan.Kind + (isBatchLine ? " batch line" : " keyed"),
        };
    }

    /// <summary>A call of any kind by a client that stays; frequent kinds are as likely as each other.</summary>
    public static CallPlan DrawEvenly(Random random) => Choose(random, kind => Math.Min(kind.Weight, MostEven)).Make(random);

    /// <summary>One call, the same each time.</summary>
    public CallPlan Sample() => Make(new Random(1));

    /// <summary>A call in each form in which the kind is made: streamed or not, as a form with a file or as JSON.</summary>
    /// <param name="words">What a customer says, where the endpoint takes words.</param>
    public IEnumerable<CallPlan> Forms(string words) => Enumerable.Range(0, 12)
        .Select(seed => Compose(new CallDraw(this, new Random(seed), words)))
        .DistinctBy(plan => (plan.Stream, plan.Upload is null));

    private CallPlan Make(Random random) => Compose(new CallDraw(this, random, Words[random.Next(Words.Length)]));

    private static CallKind Choose(Random random, Func<CallKind, int> weight)
    {
        var left = random.Next(All.Sum(weight));
        return All.First(kind => (left -= weight(kind)) < 0);
    }
}

/// <summary>What a call is made of.</summary>
/// <param name="Words">What the customer says; without quotation marks.</param>
internal sealed record CallDraw(CallKind Kind, Random Random, string Words)
{
    public string Model => Kind.Model.Name;

    /// <param name="body">JSON.</param>
    /// <param name="detail">What tells the call from others of its kind.</param>
    public CallPlan Plan(string body, bool stream = false, string detail = "") => new(
        Kind.Api.Path, body, stream, string.Join(' ', ((string[])[Kind.Name, stream ? "stream" : "", detail]).Where(word => word != "")),
        LeaveAfterEvents: null, LeaveAfter: null)
    {
        Url = Kind.Api.Path.Replace("{model}", Model, StringComparison.Ordinal),
    };
}
