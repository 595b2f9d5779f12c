namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A character as the recognizer read it.</summary>
/// <param name="Text">One entry of the dictionary.</param>
/// <param name="Score">0 to 1.</param>
/// <param name="Place">Its middle along the line: 0 at the left end, 1 at the right end.</param>
internal readonly record struct ReadCharacter(string Text, float Score, double Place);

/// <summary>A line as the recognizer read it.</summary>
internal sealed record TextReading(IReadOnlyList<ReadCharacter> Characters)
{
    public string Text => string.Concat(Characters.Select(character => character.Text));

    /// <summary>Mean score of its characters, 0 to 1; 0 where nothing was read.</summary>
    public double Confidence => Characters.Count == 0 ? 0 : Characters.Average(character => character.Score);
}
