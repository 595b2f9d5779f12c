using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Tasks.Moderation;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>An image classifier in service.</summary>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed partial class LoadedImageClassifier(
    ImageClassifier model, ModelCard card, TimeSpan queueTimeout, TimeProvider clock, ILogger<LoadedImageClassifier> logger)
    : LoadedPictureModel(model.Installed, model.Turns, queueTimeout, clock, logger), IPictureScorer, IModerator
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly ILogger _logger = logger;

    public ImageClassifier Model { get; } = model;

    public override ModelCard Card => card;

    public IReadOnlyList<string> Labels => Model.Labels;

    public ModerationMap? Moderation => Model.Classification.Moderation;

    public bool JudgesPictures => true;

    public ITaskJob Moderate(ModerationRequest request, ModerationMap map) => new ImageClassificationJob(
        this, request.Images, (json, result) => ModerationFormat.Write(
            json,
            new ModerationScores(
                result.Request, Name, Labels, !Model.Classification.Independent, [.. result.Logits.Select(row => Model.Score(row))],
                "image", request.IsOneInput),
            map));

    public async Task<OrRefusal<IReadOnlyList<double>>> ScoreAsync(
        Party party, RawPicture picture, CancellationToken cancellationToken)
    {
        using var place = Model.Turns.TryJoin(party);
        if (place is null)
        {
            return OpenAiError.Overloaded(RetryAfter);
        }

        using var deadline = LimitWait(place);
        try
        {
            var fitted = await Model.FitAsync(picture, place, cancellationToken);
            var logits = await Model.ClassifyAsync([fitted], place, _ => { }, cancellationToken);
            return Model.Score(logits[0]);
        }
        catch (ModelRunException exception)
        {
            Log.CheckFailed(_logger, exception, Name, Version);
            return OpenAiError.ServerError();
        }
        catch (DisplacedException)
        {
            return OpenAiError.Overloaded(RetryAfter);
        }
    }

    public override Task WarmUpAsync(CancellationToken cancellationToken) => Model.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The model {Model} {Version} failed on a picture that it was to check.")]
        public static partial void CheckFailed(ILogger logger, Exception exception, string model, string version);
    }
}
