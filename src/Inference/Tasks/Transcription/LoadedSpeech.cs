using Tollgate.Inference.Audio;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>A speech model.</summary>
/// <param name="decoder">Decodes recordings.</param>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed class LoadedSpeech(SpeechModel model, AudioDecoder decoder, TimeSpan queueTimeout, TimeProvider clock)
    : LoadedModel(model.Installed)
{
    public SpeechModel Model { get; } = model;

    public AudioDecoder Decoder { get; } = decoder;

    public override ModelLoad Load => Model.Turns.Load;

    /// <summary>Gives the place of a request away when it has waited too long; ends with its disposal.</summary>
    public ITimer LimitWait(FairTurns.Place place) => clock.CreateTimer(
        static state => ((FairTurns.Place)state!).Displace(), place, queueTimeout, Timeout.InfiniteTimeSpan);

    public override Task WarmUpAsync(CancellationToken cancellationToken) => Model.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }
}
