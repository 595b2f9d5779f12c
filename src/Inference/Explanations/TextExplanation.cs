using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Explanations;

/// <summary>A text whose score is to be explained, as a classifier reads it.</summary>
/// <param name="Rows">Token ids, those that frame a text included; several where the text is read in parts.</param>
/// <param name="Prefix">Ids before the text in each row.</param>
/// <param name="Suffix">Ids behind the text in each row.</param>
/// <param name="Label">Number of the label whose score is explained.</param>
/// <param name="MostSteps">Most points of the way from the baseline, at least <see cref="ExplanationRequest.FewestSteps"/>.</param>
internal sealed record ExplainedText(IReadOnlyList<int[]> Rows, int Prefix, int Suffix, int Label, int MostSteps);

/// <summary>What each token of a text adds to the score of a label.</summary>
/// <param name="Label">Number of the label.</param>
/// <param name="Score">Of the label for the text: its probability, or its logit where the method is linear. The mean over the rows.</param>
/// <param name="Baseline">Of the label for a text that says nothing.</param>
/// <param name="Steps">Points of the way that were computed.</param>
/// <param name="Error">Distance of the sum of the parts from <paramref name="Score"/> − <paramref name="Baseline"/>.</param>
/// <param name="Parts">For each row the part of each of its tokens, the frame included.</param>
internal sealed record TextExplanation(
    ExplanationMethod Method, int Label, double Score, double Baseline, int Steps, double Error, IReadOnlyList<double[]> Parts)
{
    /// <summary>Whether the graph gave numbers.</summary>
    public bool IsFinite => double.IsFinite(Error) && Parts.All(row => row.All(double.IsFinite));

    /// <summary>The explanation of parts that are known.</summary>
    public static TextExplanation Of(
        ExplanationMethod method, int label, double score, double baseline, int steps, IReadOnlyList<double[]> parts) => new(
            method, label, score, baseline, steps, Math.Abs(parts.Sum(row => row.Sum()) - (score - baseline)), parts);
}

/// <summary>Explains the scores of one classifier. Thread-safe. Owns a session.</summary>
internal interface ITextExplainer : IDisposable
{
    /// <summary>Explains a text in short runs, one for each element.</summary>
    /// <param name="onDone">Receives the explanation before the enumeration ends.</param>
    /// <returns>Of each run the tokens that it read, as they are billed.</returns>
    IEnumerable<int> Explain(ExplainedText text, Action<TextExplanation> onDone);
}
