using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Residency;

/// <summary>A version in memory and the requests that use it. The gate of the <see cref="VersionTable"/> guards it.</summary>
/// <param name="bytes">Memory that its load took.</param>
/// <param name="loadedAt">Timestamp of the clock.</param>
internal sealed class Residence(LoadedModel model, long bytes, long loadedAt)
{
    private readonly TaskCompletionSource _unused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _leaving;

    public LoadedModel Model => model;

    public long Bytes => bytes;

    public int Uses { get; private set; }

    /// <summary>Timestamp of the last use, or of the load.</summary>
    public long LastUsed { get; private set; } = loadedAt;

    public void Use(long now)
    {
        Uses++;
        LastUsed = now;
    }

    public void Release(long now)
    {
        Uses--;
        LastUsed = now;
        if (_leaving && Uses == 0)
        {
            _unused.TrySetResult();
        }
    }

    /// <summary>Whether no request uses it, and none has for so long.</summary>
    public bool IsUnused(TimeProvider clock, TimeSpan time) => Uses == 0 && clock.GetElapsedTime(LastUsed) >= time;

    /// <summary>Nobody finds it any more. Ends when its last request has.</summary>
    public Task Leave()
    {
        _leaving = true;
        if (Uses == 0)
        {
            _unused.TrySetResult();
        }

        return _unused.Task;
    }
}
