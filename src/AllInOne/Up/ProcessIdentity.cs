using System.Globalization;

namespace Tollgate.AllInOne.Up;

/// <summary>Tells whether a process is still the one that was noted: an id alone may have been given to another since.</summary>
internal static class ProcessIdentity
{
    /// <summary>The id with the kernel's start time (clock ticks since boot), or null when there is no such process.</summary>
    public static string? Of(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // The name may hold spaces; fields count from the state on.
            return fields[0] == "Z" ? null : string.Create(CultureInfo.InvariantCulture, $"{processId} {fields[19]}");
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether a process of that id is there and not a zombie.</summary>
    public static bool IsRunning(int processId) => Of(processId) is not null;

    /// <summary>Id of the noted process when it is still the same one.</summary>
    public static int? StillRunning(string noted)
    {
        var space = noted.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && int.TryParse(noted[..space], CultureInfo.InvariantCulture, out var id) && Of(id) == noted.Trim() ? id : null;
    }
}
