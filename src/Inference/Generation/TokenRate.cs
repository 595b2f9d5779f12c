namespace Tollgate.Inference.Generation;

/// <summary>Tokens a second over the last four whole seconds. One writer; any reader, which may miss the writer's newest tokens.</summary>
internal sealed class TokenRate(TimeProvider clock)
{
    private const int Seconds = 4;
    private readonly long[] _second = new long[Seconds + 1];
    private readonly long[] _tokens = new long[Seconds + 1];

    public void Add(int tokens)
    {
        var now = Now();
        var slot = (int)(now % _second.Length);
        if (Volatile.Read(ref _second[slot]) != now)
        {
            Volatile.Write(ref _tokens[slot], 0);
            Volatile.Write(ref _second[slot], now);
        }

        Volatile.Write(ref _tokens[slot], _tokens[slot] + tokens);
    }

    public double PerSecond()
    {
        var now = Now();
        var sum = 0L;
        for (var i = 0; i < _second.Length; i++)
        {
            var age = now - Volatile.Read(ref _second[i]);
            sum += age is >= 1 and <= Seconds ? Volatile.Read(ref _tokens[i]) : 0;
        }

        return (double)sum / Seconds;
    }

    private long Now() => clock.GetTimestamp() / clock.TimestampFrequency;
}
