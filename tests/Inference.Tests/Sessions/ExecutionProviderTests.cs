using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tests.Sessions;

public sealed class ExecutionProviderTests
{
    [Fact]
    public void Probe_takes_the_processor_where_there_is_no_device()
    {
        var provider = ExecutionProvider.Probe(ExecutionProviderChoice.Auto);

        Assert.Equal(
            File.Exists("/dev/nvidia0"), provider.IsCuda || provider.Reason.Contains("CUDA does not work", StringComparison.Ordinal));
        Assert.NotEmpty(provider.Reason);
    }

    [Fact]
    public void Probe_fails_where_CUDA_was_asked_for_and_cannot_be_had()
    {
        if (File.Exists("/dev/nvidia0"))
        {
            return; // then it may work; the probe's own graph has decided
        }

        var failure = Assert.Throws<ExecutionProviderException>(() => ExecutionProvider.Probe(ExecutionProviderChoice.Cuda));

        Assert.Contains("libonnxruntime_providers_cuda.so", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_obeys_where_the_processor_was_asked_for() =>
        Assert.Equal("cpu", ExecutionProvider.Probe(ExecutionProviderChoice.Cpu).Name);
}
