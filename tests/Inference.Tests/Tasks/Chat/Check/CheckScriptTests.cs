using Tollgate.Inference.Tasks.Chat.Check;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Chat.Check;

/// <summary>The check that a machine with a GPU runs, here on the processor.</summary>
public sealed class CheckScriptTests
{
    private static readonly string Worker = Path.GetDirectoryName(typeof(DeviceCheck).Assembly.Location)!;

    [Fact]
    public async Task Every_check_passes_on_the_processor()
    {
        var run = await RunAsync("--worker", Worker, "--provider", "cpu", "--short");

        var lines = run.Succeeded().Trim().Split('\n');
        Assert.Equal("everything passes", lines[^1]);
        string[] expected =
        [
            "PASS provider", "PASS parity", "SKIP graphs", "PASS batch", "PASS prefix", "INFO speed", "INFO speed", "PASS memory",
        ];
        Assert.Equal(expected, lines[..^1].Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..2])));
        Assert.Contains("8 of 8 rows have the bits that they have alone", run.Output, StringComparison.Ordinal);
        Assert.Contains("0 of them another one", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_library_for_CUDA_it_fails_and_names_it()
    {
        var run = await RunAsync("--worker", Worker);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("FAIL  library   libonnxruntime_providers_cuda.so", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--worker", "--worker", "/nowhere")]
    [InlineData("--provider", "--provider", "tpu")]
    [InlineData("--model", "--model")]
    [InlineData("--fast", "--fast")]
    public async Task A_wrong_option_is_named(string named, params string[] arguments)
    {
        var run = await RunAsync(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
    }

    private static Task<ProgramRun> RunAsync(params string[] arguments) => ProgramRun.RunAsync(
        "sh", [Path.Combine(SharedFiles.Repository, "tests", "Gpu", "check.sh"), .. arguments], patience: TimeSpan.FromMinutes(5));
}
