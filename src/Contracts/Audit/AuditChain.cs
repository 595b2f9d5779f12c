using System.Globalization;

namespace Tollgate.Contracts.Audit;

/// <summary>
/// Follows one chain of the audit log from its first entry to its last and lists every break. It sees what the entries themselves show;
/// what was cut off at either end shows against a purge, a seal or a head.
/// </summary>
public sealed class AuditChain
{
    private readonly List<AuditBreak> _breaks = [];
    private AuditLine? _last;

    /// <summary>The first entry; null before one.</summary>
    public AuditLine? First { get; private set; }

    /// <summary>The newest entry; null before one.</summary>
    public AuditLine? Last => _last;

    public long Entries { get; private set; }

    /// <summary>All breaks so far, in the order of the chain.</summary>
    public IReadOnlyList<AuditBreak> Breaks => _breaks;

    /// <summary>Takes the next entry, in ascending order of numbers.</summary>
    public void Take(AuditLine line)
    {
        if (line.Hash != line.ComputeHash())
        {
            Break(line.Number, "was changed: its hash is of other values.");
        }

        if (_last is null)
        {
            First = line;
            if (line.Number == 1 && line.Previous.Length > 0)
            {
                Break(line.Number, "is the first one, but follows another entry.");
            }
        }
        else if (line.Number != _last.Number + 1)
        {
            Break(line.Number, Missing(_last.Number + 1, line.Number - 1));
        }
        else if (line.Previous != _last.Hash)
        {
            Break(line.Number, "does not follow the entry before it, which was replaced.");
        }

        _last = line;
        Entries++;
    }

    /// <summary>Adds a break that something outside the entries shows.</summary>
    public void Break(long number, string text) => _breaks.Add(new AuditBreak(number, text));

    /// <summary>Says that entries are missing.</summary>
    public static string Missing(long from, long to) => from == to
        ? string.Create(CultureInfo.InvariantCulture, $"comes after a gap: entry {from} is missing.")
        : string.Create(CultureInfo.InvariantCulture, $"comes after a gap: entries {from} to {to} are missing.");
}

/// <summary>A place where a chain does not hold.</summary>
/// <param name="Number">The entry.</param>
/// <param name="Text">What is wrong, as the end of a sentence that begins with the entry.</param>
public sealed record AuditBreak(long Number, string Text);

/// <summary>Result of verifying one chain.</summary>
/// <param name="Organization">Null for the chain of the installation.</param>
/// <param name="Entries">Entries that are there.</param>
/// <param name="First">Number of the oldest entry; 0 for an empty chain.</param>
/// <param name="Last">Number of the newest entry.</param>
/// <param name="Hash">Hash of the newest entry, hex.</param>
/// <param name="SealedTo">Newest entry that a seal covers; 0 for none.</param>
/// <param name="Breaks">Empty for a chain that holds.</param>
public sealed record AuditChainReport(
    Guid? Organization, long Entries, long First, long Last, string Hash, long SealedTo, IReadOnlyList<AuditBreak> Breaks);
