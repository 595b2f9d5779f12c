using System.Text;

namespace Tollgate.Learning.Jobs;

/// <summary>Names of trained models.</summary>
internal static class JobNames
{
    /// <summary>Longest name of a model in a repository.</summary>
    private const int Longest = 63;

    /// <summary>
    /// <c>ft-BASE-SUFFIX-</c> and the last 12 digits of the job, which no other model has: lower case letters, digits, dots, underscores
    /// and hyphens. A base name, and then a suffix, that is too long is cut.
    /// </summary>
    public static string ModelOf(Job job)
    {
        var id = $"{job.Id:N}"[^12..];
        var room = Longest - "ft--".Length - id.Length;
        var suffix = job.Suffix?.Trim('-') is { Length: > 0 } given ? $"-{Cut(given, (room / 2) - 1)}" : "";
        var known = Cut(Plain(job.Model), room - suffix.Length);
        return $"ft-{known}{suffix}-{id}";
    }

    private static string Cut(string text, int length) => (text.Length <= length ? text : text[..length]).TrimEnd('-', '.');

    private static string Plain(string model)
    {
        var plain = new StringBuilder(model.Length);
        foreach (var sign in model.ToLowerInvariant())
        {
            plain.Append(sign is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' ? sign : '-');
        }

        return plain.ToString();
    }
}
