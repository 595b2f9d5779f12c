using System.Globalization;

namespace Tollgate.Contracts.Workers;

/// <summary>Order of a model's versions, oldest first: numbers by value, everything else by its characters and before numbers.</summary>
public sealed class VersionOrder : IComparer<string>
{
    public static VersionOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var (left, right) = (Parse(x), Parse(y));
        return left != right ? left.CompareTo(right) : string.CompareOrdinal(x, y);
    }

    private static long Parse(string? version) =>
        long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
