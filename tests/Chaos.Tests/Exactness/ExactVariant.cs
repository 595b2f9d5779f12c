using Tollgate.Chaos.Tests.Load;

namespace Tollgate.Chaos.Tests.Exactness;

/// <summary>One way to ask for more than ten calls at once of money that pays for ten.</summary>
/// <param name="ByBudget">Whether a key's budget pays for ten; otherwise the wallet.</param>
/// <param name="WipeRedis">Whether Redis is killed and started, empty, in the middle of each round.</param>
/// <param name="Text">Text prompts, whose holds are above their cost; otherwise token ids, which cost what they hold.</param>
internal sealed record ExactVariant(string Name, bool ByBudget, bool WipeRedis, bool Text)
{
    /// <summary>4 tokens at 0.50 and 1 at 1.50 US dollars per million.</summary>
    public const long CallNanoUsd = (4 * 500) + 1500;

    public const int Calls = 10;

    public static IReadOnlyList<ExactVariant> All { get; } =
    [
        new("wallet", false, false, false), new("key budget", true, false, false),
        new("wallet, Redis wiped", false, true, false), new("key budget, Redis wiped", true, true, false),
        new("wallet, text", false, false, true), new("key budget, text", true, false, true),
    ];

    public const long PaysNanoUsd = Calls * CallNanoUsd;

    public CallPlan Plan { get; } = new(
        "/v1/completions",
        $$"""{"model":"tiny-assistant","prompt":{{(Text ? "\"The capital of France is\"" : "[40,41,42,43]")}}"""
        + ""","max_tokens":1,"temperature":0}""",
        false, Name, null, null);
}
