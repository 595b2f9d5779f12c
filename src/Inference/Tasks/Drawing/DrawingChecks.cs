using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>
/// The operator's checks of one request: its prompt before it is drawn, and every picture before it goes out. A check that cannot be made
/// ends the request: nothing is drawn or shown unchecked.
/// </summary>
/// <param name="find">Finds a model that is served now.</param>
internal sealed partial class DrawingChecks(LoadedPainter painter, Func<string, LoadedModel?> find)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>The error to answer with; null where the prompt may be drawn.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<OpenAiError?> RefusePromptAsync(Party party, string prompt, CancellationToken cancellationToken)
    {
        if (painter.Defaults.Prompts is not { } check)
        {
            return null;
        }

        if (find(check.Model) is not ITextScorer scorer || !Knows(check, scorer.Labels))
        {
            return NotMade(check);
        }

        return Judge(check, scorer.Labels, await scorer.ScoreAsync(party, prompt, cancellationToken), OpenAiError.PromptRefused());
    }

    /// <summary>The error to end with; null where the picture may go out.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<OpenAiError?> RefusePictureAsync(Party party, RawPicture picture, CancellationToken cancellationToken)
    {
        if (painter.Defaults.Pictures is not { } check)
        {
            return null;
        }

        if (find(check.Model) is not IPictureScorer scorer || !Knows(check, scorer.Labels))
        {
            return NotMade(check);
        }

        return Judge(check, scorer.Labels, await scorer.ScoreAsync(party, picture, cancellationToken), OpenAiError.DrawingRefused());
    }

    private static bool Knows(ContentCheck check, IReadOnlyList<string> labels) => check.Refuse.Keys.All(labels.Contains);

    private static OpenAiError? Judge(
        ContentCheck check, IReadOnlyList<string> labels, OrRefusal<IReadOnlyList<double>> scored, OpenAiError refusal)
    {
        if (!scored.TryGet(out var scores, out var failure))
        {
            return failure;
        }

        for (var label = 0; label < labels.Count; label++)
        {
            if (check.Refuse.TryGetValue(labels[label], out var least) && scores[label] >= least)
            {
                return refusal;
            }
        }

        return null;
    }

    private OpenAiError NotMade(ContentCheck check)
    {
        Log.NotMade(painter.Logger, painter.Name, check.Model, string.Join("', '", check.Refuse.Keys));
        return OpenAiError.ModelUnavailable(painter.Name, RetryAfter);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error,
            "Model {Model} draws nothing: its classifier {Classifier} is not served here, or lacks one of the labels '{Labels}'.")]
        public static partial void NotMade(ILogger logger, string model, string classifier, string labels);
    }
}
