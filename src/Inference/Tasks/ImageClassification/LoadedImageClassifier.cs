using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>An image classifier in service.</summary>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed partial class LoadedImageClassifier(
    ImageClassifier model, TimeSpan queueTimeout, TimeProvider clock, ILogger<LoadedImageClassifier> logger)
    : LoadedModel(model.Installed), IPictureScorer
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public ImageClassifier Model { get; } = model;

    public IReadOnlyList<string> Labels => Model.Labels;

    public override ModelLoad Load => Model.Turns.Load;

    /// <summary>Gives the place of a request away when it has waited too long; ends with its disposal.</summary>
    public ITimer LimitWait(FairTurns.Place place) => clock.CreateTimer(
        static state => ((FairTurns.Place)state!).Displace(), place, queueTimeout, Timeout.InfiniteTimeSpan);

    /// <summary>Reports a run that failed or gave numbers that are no scores.</summary>
    public void NoteFailure(Guid request, ModelRunException exception) => Log.RunFailed(logger, exception, request, Name, Version);

    public async Task<OrRefusal<IReadOnlyList<double>>> ScoreAsync(
        Guid organization, RawPicture picture, CancellationToken cancellationToken)
    {
        using var place = Model.Turns.TryJoin(organization);
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
            Log.CheckFailed(logger, exception, Name, Version);
            return OpenAiError.ServerError();
        }
        catch (DisplacedException)
        {
            return OpenAiError.Overloaded(RetryAfter);
        }
    }

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {Request}: the model {Model} {Version} failed on its pictures.")]
        public static partial void RunFailed(ILogger logger, Exception exception, Guid request, string model, string version);

        [LoggerMessage(2, LogLevel.Error, "The model {Model} {Version} failed on a picture that it was to check.")]
        public static partial void CheckFailed(ILogger logger, Exception exception, string model, string version);
    }
}
