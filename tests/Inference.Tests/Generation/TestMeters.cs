using System.Diagnostics.Metrics;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>Meters that nobody listens to.</summary>
internal sealed class TestMeters : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
        // The meters hold nothing.
    }
}
