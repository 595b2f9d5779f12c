namespace Tollgate.Inference.Audio;

/// <summary>A recording as speech models hear it: one channel at <see cref="Rate"/>, values from −1 to 1. Thread-safe.</summary>
internal abstract class AudioClip
{
    /// <summary>Samples per second.</summary>
    public const int Rate = 16_000;

    /// <summary>Number of samples.</summary>
    public abstract long Samples { get; }

    /// <summary>Length of the source in milliseconds, rounded up.</summary>
    public abstract long Milliseconds { get; }

    /// <summary>Fills <paramref name="destination"/> with the samples from <paramref name="start"/> on, and with zeros past the end.
    /// </summary>
    public abstract void Read(long start, Span<float> destination);
}
