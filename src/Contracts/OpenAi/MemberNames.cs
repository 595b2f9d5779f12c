using System.Text;

namespace Tollgate.Contracts.OpenAi;

/// <summary>The member names that an object may have, at most 64, found from their UTF-8 without making a string.</summary>
internal sealed class MemberNames
{
    private readonly string[] _names;
    private readonly (byte[] Utf8, int Index)[][] _byLength;

    public MemberNames(params string[] names)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(names.Length, 64);
        _names = names;
        _byLength = [.. Enumerable.Range(0, names.Max(name => name.Length) + 1).Select(length =>
            names.Index().Where(name => name.Item.Length == length).Select(name => (Encoding.UTF8.GetBytes(name.Item), name.Index)).ToArray())];
    }

    public string this[int index] => _names[index];

    public IReadOnlyList<string> All => _names;

    /// <summary>Index of a name; −1 when it is none of them.</summary>
    public int Find(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length < _byLength.Length)
        {
            foreach (var (name, index) in _byLength[utf8.Length])
            {
                if (utf8.SequenceEqual(name))
                {
                    return index;
                }
            }
        }

        return -1;
    }
}
