namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>Requests that several tests send.</summary>
internal static class Prompts
{
    public const string Chat = "/v1/chat/completions";
    public const string Completions = "/v1/completions";
    public const string Embeddings = "/v1/embeddings";

    /// <summary>Both end tokens of tiny-assistant, made impossible.</summary>
    public static readonly Dictionary<string, int> NeverEnd = new() { ["0"] = -100, ["2"] = -100 };

    /// <summary>A short chat whose greedy answer is known: <c>The capital of France is Paris.</c>, 7 tokens.</summary>
    public static object France(bool stream = false, string model = "tiny-assistant") => new
    {
        model,
        messages = new[] { new { role = "user", content = "What is the capital of France?" } },
        temperature = 0,
        max_tokens = 40,
        stream,
    };

    /// <summary>A completion of <paramref name="tokens"/> × 4 choices that cannot end by
    /// itself: long enough to do something in the middle of it.</summary>
    public static object Endless(bool stream, int tokens = 480, string model = "tiny-assistant") => new
    {
        model,
        prompt = "Once upon a time",
        max_tokens = tokens,
        n = 4,
        logit_bias = NeverEnd,
        stream,
    };
}
