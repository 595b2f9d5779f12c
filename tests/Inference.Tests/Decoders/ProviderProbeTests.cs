using Tollgate.Inference.Decoders;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tests.Decoders;

public sealed class ProviderProbeTests
{
    [Fact]
    public void Probe_of_auto_takes_the_processor_and_says_why()
    {
        var provider = ProviderProbe.Probe(ExecutionProviderChoice.Auto);

        Assert.False(provider.IsCuda);
        Assert.Contains(
            File.Exists("/dev/nvidia0") ? "untested on a GPU" : "/dev/nvidia0 is absent", provider.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_fails_where_CUDA_was_asked_for_and_cannot_be_had()
    {
        if (File.Exists("/dev/nvidia0"))
        {
            return; // then the probe's own graph has decided
        }

        var failure = Assert.Throws<ExecutionProviderException>(() => ProviderProbe.Probe(ExecutionProviderChoice.Cuda));

        Assert.Contains("libonnxruntime_providers_cuda.so", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_obeys_where_the_processor_was_asked_for() =>
        Assert.Equal("cpu", ProviderProbe.Probe(ExecutionProviderChoice.Cpu).Name);
}
