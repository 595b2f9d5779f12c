using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Residency;

/// <summary>A version in memory and the requests that use it. The gate of the <see cref="VersionTable"/> guards it.</summary>
/// <param name="bytes">Memory that its load took.</param>
/// <param name="loadedAt">Timestamp of the clock.</param>
internal sealed class Residence(LoadedModel model, long bytes, long loadedAt)
{
    private TaskCompletionSource<bool>? _leaving;

    public LoadedModel Model => model;

    public long Bytes => bytes;

    /// <summary>Timestamp of the load, or of its last return.</summary>
    public long LoadedAt { get; private set; } = loadedAt;

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
        if (Uses == 0)
        {
            _leaving?.TrySetResult(true);
        }
    }

    /// <summary>Whether no request uses it, and none has for so long.</summary>
    public bool IsUnused(TimeProvider clock, TimeSpan time) => Uses == 0 && clock.GetElapsedTime(LastUsed) >= time;

    /// <summary>Nobody finds it any more. Ends when its last request has, with true; or when it comes back before, with false.</summary>
    public Task<bool> Leave()
    {
        _leaving = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Uses == 0)
        {
            _leaving.TrySetResult(true);
        }

        return _leaving.Task;
    }

    /// <summary>Ends the leave of one that requests still use. False when they have all ended, or it does not leave.</summary>
    public bool TryComeBack(long now)
    {
        if (_leaving?.TrySetResult(false) != true)
        {
            return false;
        }

        (_leaving, LoadedAt) = (null, now);
        return true;
    }
}
