using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Sessions;

/// <summary>The memory that runs of graphs of any kind have together: a request may choose shapes for which a graph would take all memory
/// of the machine. One for the process.</summary>
internal static class BoundedMemory
{
    /// <summary>What runs may have at once. A run that needs more fails.</summary>
    public const uint MostBytes = 2u << 30;

    /// <summary>Takes memory as it is asked for, so that it can be given back.</summary>
    private const int AsRequested = 1;

    private const int Usual = -1;

    private static readonly Lazy<bool> Registered = new(() =>
    {
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using var arena = new OrtArenaCfg(MostBytes, AsRequested, Usual, Usual);
        OrtEnv.Instance().CreateAndRegisterAllocator(memory, arena);
        return true;
    });

    /// <summary>Makes it. Further calls do nothing.</summary>
    public static void Register() => _ = Registered.Value;
}
