namespace Tollgate.Training.Evaluation;

/// <summary>What a classifier gave a row that it was not trained on.</summary>
/// <param name="Line">Of the row in its file, from 1.</param>
/// <param name="Label">Number of the row's label.</param>
/// <param name="Scores">Score of each label, 0 to 1; they sum to 1.</param>
internal sealed record ScoredRow(string Text, long Line, int Label, double[] Scores)
{
    /// <summary>The label with the highest score; of equal ones the first.</summary>
    public int Predicted => Array.IndexOf(Scores, Scores.Max());

    public bool IsRight => Predicted == Label;
}
