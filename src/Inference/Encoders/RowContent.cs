using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Inference.Encoders;

/// <summary>Compares rows by their ids.</summary>
internal sealed class RowContent : IEqualityComparer<EncoderRow>
{
    private RowContent()
    {
    }

    public static RowContent Comparer { get; } = new();

    public bool Equals(EncoderRow? x, EncoderRow? y) => x is null ? y is null : y is not null && x.Ids.AsSpan().SequenceEqual(y.Ids);

    public int GetHashCode([DisallowNull] EncoderRow obj)
    {
        var hash = default(HashCode);
        foreach (var id in obj.Ids)
        {
            hash.Add(id);
        }

        return hash.ToHashCode();
    }
}
