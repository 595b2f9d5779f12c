using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks;

/// <summary>A loaded classifier that scores a text for a request to another model, in its own line and turns.</summary>
internal interface ITextScorer
{
    /// <summary>Names of the labels by index.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>Scores the whole text. One longer than the classifier reads is scored in parts.</summary>
    /// <param name="party">Whose turn it takes.</param>
    /// <returns>For each label the highest score of a part, 0 to 1.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<OrRefusal<IReadOnlyList<double>>> ScoreAsync(Party party, string text, CancellationToken cancellationToken);
}

/// <summary>A loaded classifier that scores a picture for a request to another model, in its own line and turns.</summary>
internal interface IPictureScorer
{
    /// <summary>Names of the labels by index.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <param name="party">Whose turn it takes.</param>
    /// <returns>Score of each label, 0 to 1.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<OrRefusal<IReadOnlyList<double>>> ScoreAsync(Party party, RawPicture picture, CancellationToken cancellationToken);
}

/// <summary>Pixels that no file holds.</summary>
/// <param name="Pixels">Three bytes a pixel, red, green, blue; rows from the top.</param>
internal sealed record RawPicture(int Width, int Height, byte[] Pixels);
