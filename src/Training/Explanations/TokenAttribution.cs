namespace Tollgate.Training.Explanations;

/// <summary>What each token of a text adds to the score of a label.</summary>
/// <param name="Label">Number of the label.</param>
/// <param name="Score">Of the label for the text.</param>
/// <param name="Baseline">Of the label for a text that says nothing.</param>
/// <param name="Tokens">In the order of the text, the frame included; together they are <paramref name="Score"/> −
/// <paramref name="Baseline"/>, but for <paramref name="Error"/>.</param>
/// <param name="Error">Distance of the sum from that difference.</param>
public sealed record TokenAttribution(int Label, double Score, double Baseline, IReadOnlyList<AttributedToken> Tokens, double Error);

/// <summary>A token and its part of a score.</summary>
/// <param name="Text">The bytes of the token as UTF-8; empty for a token of the frame.</param>
public sealed record AttributedToken(int Id, string Text, double Contribution);
