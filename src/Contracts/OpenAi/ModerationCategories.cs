namespace Tollgate.Contracts.OpenAi;

/// <summary>OpenAI's categories of harm, all of which an answer of <c>/v1/moderations</c> names.</summary>
public static class ModerationCategories
{
    public static IReadOnlyList<string> All { get; } =
    [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
        "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
    ];
}
