using System.Diagnostics;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Repository;

/// <summary>The files that git tracks.</summary>
internal static class TrackedFiles
{
    /// <summary>Lists paths relative to the repository's root. A file that is deleted but not committed yet is among them.</summary>
    public static async Task<string[]> ListAsync()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"])
        {
            WorkingDirectory = SharedFiles.Repository, RedirectStandardOutput = true,
        })!;
        var names = await git.StandardOutput.ReadToEndAsync();
        await git.WaitForExitAsync();
        Assert.Equal(0, git.ExitCode);
        return names.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
