using System.Text;

namespace Tollgate.Contracts.OpenAi;

/// <summary>The member names that an object may have, at most 128. Looks them up by their UTF-8 without allocating a string.</summary>
internal sealed class MemberNames
{
    private readonly string[] _names;
    private readonly (byte[] Utf8, int Index)[][] _byLength;

    public MemberNames(params string[] names)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(names.Length, 128);
        _names = names;
        _byLength = new (byte[], int)[names.Max(name => name.Length) + 1][];
        for (var length = 0; length < _byLength.Length; length++)
        {
            var ofLength = names.Index().Where(name => name.Item.Length == length);
            _byLength[length] = [.. ofLength.Select(name => (Encoding.UTF8.GetBytes(name.Item), name.Index))];
        }
    }

    public IReadOnlyList<string> All => _names;

    public string this[int index] => _names[index];

    /// <summary>Returns the index of a name, or −1.</summary>
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
