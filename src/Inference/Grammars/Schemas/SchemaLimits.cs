namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>What one schema may use, so that a hostile one is refused within milliseconds.</summary>
internal static class SchemaLimits
{
    /// <summary>Most bytes of a schema's JSON text.</summary>
    public const int Bytes = 256 * 1024;

    /// <summary>Most levels of objects and arrays in a schema's JSON text.</summary>
    public const int Nesting = 64;

    /// <summary>Most alternatives of one value after <c>anyOf</c>, <c>oneOf</c>, <c>not</c> and <c>if</c> are multiplied out.</summary>
    public const int Alternatives = 200;

    /// <summary>Most merges of keywords, in all values together.</summary>
    public const int Merges = 60_000;

    /// <summary>Most rules of the grammar of one schema.</summary>
    public const int Rules = 30_000;

    /// <summary>Most characters or items that a lower bound may ask for.</summary>
    public const int LeastCount = 10_000;

    /// <summary>A larger upper bound is no bound: no answer has so many characters.</summary>
    public const int EndlessCount = 10_000_000;

    /// <summary>An upper bound between this and <see cref="EndlessCount"/> is lowered to this, which keeps every answer valid.</summary>
    public const int MostCount = 10_000;

    /// <summary>The same for characters of a text without a pattern or a format.</summary>
    public const int MostCharacters = 10_000;

    /// <summary>The same for characters of a text with a pattern or a format: each may take hundreds of states.</summary>
    public const int MostLanguageCharacters = 500;

    /// <summary>Most states of a rule that counts properties or items.</summary>
    public const int CountedStates = 20_000;

    /// <summary>Most multiples that are listed one by one.</summary>
    public const int ListedMultiples = 2_000;
}
