using System.Globalization;

namespace Tollgate.Benchmarks.Machine;

/// <summary>Processors that a child may use.</summary>
internal static class Processors
{
    /// <summary>Beginning of the command of a child that is kept to the first <paramref name="count"/> processors; nothing for 0 or
    /// all.</summary>
    public static IEnumerable<string> Only(int count) => count == 0 || count >= Environment.ProcessorCount
        ? [] : ["taskset", "-c", string.Create(CultureInfo.InvariantCulture, $"0-{count - 1}")];
}
