using System.Text;

namespace Tollgate.Inference.Tests.Tokenizers;

/// <summary>Compiles a map of characters as SentencePiece does: a double array in the layout of Darts-clone, and the texts behind
/// it.</summary>
internal static class CharacterMapData
{
    /// <summary>Blanks, controls, ligatures, full width, marks that are joined, and marks that are dropped.</summary>
    public static SortedDictionary<string, string> Example()
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["\t"] = " ", ["\n"] = " ", ["\r"] = " ", ["\u00A0"] = " ", ["\u3000"] = " ", ["\u200B"] = " ", ["\uFEFF"] = "",
            ["\u00AD"] = "", ["\u0001"] = "", ["\u001F"] = "", ["\u007F"] = "", ["ﬁ"] = "fi", ["ſ"] = "s", ["…"] = "...", ["½"] = "1⁄2",
            ["Ⅻ"] = "XII",
            ["e\u0301"] = "é", ["E\u0301"] = "É", ["a\u0308"] = "ä", ["ʼn"] = "ʼn", ["Ǆ"] = "DŽ", ["㍿"] = "株式会社", ["①"] = "1",
            ["𝒳"] = "X", ["ﷺ"] = "صلى الله عليه وسلم", ["한"] = "한", ["İ"] = "I\u0307", ["\u0344"] = "\u0308\u0301",
        };
        for (var wide = '！'; wide <= '～'; wide++)
        {
            map[wide.ToString()] = ((char)(wide - '！' + '!')).ToString();
        }

        return map;
    }

    /// <summary>The bytes of <c>precompiled_charsmap</c>.</summary>
    public static byte[] Compile(SortedDictionary<string, string> map)
    {
        var texts = new MemoryStream();
        var keys = new List<(byte[] Key, int Value)>();
        foreach (var (key, text) in map)
        {
            keys.Add((Encoding.UTF8.GetBytes(key), (int)texts.Length));
            texts.Write(Encoding.UTF8.GetBytes(text));
            texts.WriteByte(0);
        }

        var units = Build([.. keys.OrderBy(pair => pair.Key, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))]);
        return [.. BitConverter.GetBytes(units.Length * 4), .. units.SelectMany(BitConverter.GetBytes), .. texts.ToArray()];
    }

    private static uint[] Build((byte[] Key, int Value)[] keys)
    {
        var units = new uint[1 << 15];
        var taken = new bool[units.Length];
        taken[0] = true;
        Place(0, keys, 0);
        return units;

        void Place(uint node, ReadOnlySpan<(byte[] Key, int Value)> below, int depth)
        {
            var groups = new SortedDictionary<byte, List<(byte[] Key, int Value)>>();
            var value = -1;
            foreach (var pair in below)
            {
                if (pair.Key.Length == depth)
                {
                    value = pair.Value;
                    continue;
                }

                groups.TryAdd(pair.Key[depth], []);
                groups[pair.Key[depth]].Add(pair);
            }

            byte[] labels = [.. value >= 0 ? [0] : Array.Empty<byte>(), .. groups.Keys];
            var start = 1u;
            while (labels.Any(label => taken[start ^ label]))
            {
                start++;
            }

            Array.ForEach(labels, label => taken[start ^ label] = true);
            units[node] |= ((node ^ start) << 10) | (value >= 0 ? 0x100u : 0);
            if (value >= 0)
            {
                units[start] = (uint)value | 0x8000_0000;
            }

            foreach (var (label, rest) in groups)
            {
                units[start ^ label] = label;
                Place(start ^ label, [.. rest], depth + 1);
            }
        }
    }
}
