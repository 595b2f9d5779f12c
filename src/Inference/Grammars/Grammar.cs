namespace Tollgate.Inference.Grammars;

/// <summary>A byte-level context-free grammar.</summary>
/// <param name="Rules">What each rule may be.</param>
/// <param name="Start">The rule of a whole text.</param>
/// <param name="Names">Names of the rules for messages; null or a shorter list where they have none.</param>
internal sealed record Grammar(IReadOnlyList<GrammarNode> Rules, int Start = 0, IReadOnlyList<string>? Names = null)
{
    /// <summary>The name of a rule as messages show it.</summary>
    public string NameOf(int rule) => Names is not null && rule < Names.Count ? Names[rule] : $"rule {rule}";
}
