using System.Globalization;
using System.Runtime.InteropServices;

namespace Tollgate.Inference.Sessions;

/// <summary>Lets the kernel take pages of mapped weights back that a session has read to pack them: it computes with the packed copy. What
/// it needs again comes back from the file.</summary>
internal static partial class MappedWeights
{
    /// <summary>MADV_PAGEOUT loses nothing wherever it is applied: a mapping may have gone, and its addresses may have a new owner, since
    /// the list was read.</summary>
    private const int PageOut = 21;

    /// <summary>A session that packs gigabytes must not have them in memory twice meanwhile.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Opens a session over weights that lie beside the graph.</summary>
    /// <param name="path">The graph.</param>
    public static T Open<T>(string path, Func<T> open)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) + "/";
        using (TimeProvider.System.CreateTimer(_ => GiveBack(folder), null, Interval, Interval))
        {
            var session = open();
            GiveBack(folder);
            return session;
        }
    }

    private static void GiveBack(string folder)
    {
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            if (line.IndexOf('/', StringComparison.Ordinal) is > 0 and var name
                && line.AsSpan(name).StartsWith(folder, StringComparison.Ordinal))
            {
                var (dash, blank) = (line.IndexOf('-', StringComparison.Ordinal), line.IndexOf(' ', StringComparison.Ordinal));
                var (start, end) = (ReadAddress(line.AsSpan(0, dash)), ReadAddress(line.AsSpan(dash + 1, blank - dash - 1)));
                _ = MemoryAdvise(start, (nuint)(end - start), PageOut); // a refusal leaves them in memory
            }
        }
    }

    private static nint ReadAddress(ReadOnlySpan<char> text) =>
        nint.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);
}
