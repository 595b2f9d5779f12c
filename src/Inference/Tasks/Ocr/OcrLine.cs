namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A line of a picture.</summary>
/// <param name="Text">Its words, a space between two.</param>
/// <param name="Confidence">Mean score of its characters, 0 to 1; a character that could not be read counts as 0.</param>
/// <param name="Unread">Characters that are to be seen, but that the model did not read: they may not be in its dictionary. Estimated from
/// their width.</param>
/// <param name="Quad">Where it is.</param>
/// <param name="Along">The direction in which it is read.</param>
internal sealed record OcrLine(
    string Text, double Confidence, int Unread, TextQuad Quad, TextPoint Along, IReadOnlyList<OcrWord> Words);

/// <summary>A word of a line: what stands between two spaces.</summary>
/// <param name="Confidence">Mean score of its characters, 0 to 1.</param>
internal sealed record OcrWord(string Text, double Confidence, TextQuad Quad);
