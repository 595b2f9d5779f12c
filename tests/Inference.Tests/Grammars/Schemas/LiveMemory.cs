namespace Tollgate.Inference.Tests.Grammars.Schemas;

/// <summary>
/// The clock of a budget that looks at the memory in use whenever the budget looks at the time, at most every 50 ms. A look collects all
/// garbage first. The time that looks take does not count. Looks see the whole process, so that nothing may run beside.
/// </summary>
internal sealed class LiveMemory : TimeProvider
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
    private TimeSpan _spent;
    private long _last = System.GetTimestamp();

    /// <summary>Most bytes in use at any look, beyond those before.</summary>
    public long Most { get; private set; }

    public override long GetTimestamp()
    {
        if (System.GetElapsedTime(_last) > BetweenLooks)
        {
            Look();
        }

        return System.GetTimestamp() - (long)(_spent.TotalSeconds * System.TimestampFrequency);
    }

    public void Look()
    {
        var began = System.GetTimestamp();
        Most = Math.Max(Most, GC.GetTotalMemory(forceFullCollection: true) - _before);
        _last = System.GetTimestamp();
        _spent += System.GetElapsedTime(began, _last);
    }
}

/// <summary>The tests that measure memory, one after the other and beside no others.</summary>
[CollectionDefinition(nameof(LiveMemory), DisableParallelization = true)]
public sealed class MeasuredAlone;
