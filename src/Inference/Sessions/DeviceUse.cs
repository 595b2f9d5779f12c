namespace Tollgate.Inference.Sessions;

/// <summary>Who uses the GPU. While one captures a graph nobody else may allocate or copy there, or the capture fails.</summary>
internal static class DeviceUse
{
    private static readonly ReaderWriterLockSlim Lock = new();

    /// <summary>Uses it beside others. Waits for the end of a capture.</summary>
    public static T Share<T>(Func<T> use)
    {
        Lock.EnterReadLock();
        try
        {
            return use();
        }
        finally
        {
            Lock.ExitReadLock();
        }
    }

    /// <summary>Uses it alone. Does nothing and returns false where others use it now.</summary>
    public static bool TryAlone(Action use)
    {
        if (!Lock.TryEnterWriteLock(TimeSpan.Zero))
        {
            return false;
        }

        try
        {
            use();
            return true;
        }
        finally
        {
            Lock.ExitWriteLock();
        }
    }
}
