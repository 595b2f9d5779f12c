using System.Diagnostics;
using System.Globalization;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Chat.Check;

/// <summary>Memory that is taken where a provider computes: of the first GPU, over all processes, or of this process.</summary>
internal static class MemoryInUse
{
    /// <summary>MiB.</summary>
    /// <exception cref="InvalidOperationException"><c>nvidia-smi</c> does not tell.</exception>
    public static async Task<long> ReadAsync(ExecutionProvider provider)
    {
        if (!provider.IsCuda)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Environment.WorkingSet >> 20;
        }

        var start = new ProcessStartInfo("nvidia-smi", ["--id=0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("nvidia-smi did not start.");
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return long.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var used)
            ? used : throw new InvalidOperationException($"nvidia-smi tells no memory: '{text.Trim()}'.");
    }
}
