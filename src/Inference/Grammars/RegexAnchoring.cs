namespace Tollgate.Inference.Grammars;

/// <summary>Which texts a pattern stands for.</summary>
internal enum RegexAnchoring
{
    /// <summary>Texts in which the pattern is found somewhere, as in JSON Schema; <c>^</c> and <c>$</c> hold it to an end.</summary>
    Search,

    /// <summary>Texts that the pattern matches from end to end.</summary>
    Whole,
}
