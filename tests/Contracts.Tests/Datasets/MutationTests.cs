using System.Text;
using Tollgate.Contracts.Datasets;

namespace Tollgate.Contracts.Tests.Datasets;

/// <summary>Good files with some bytes changed at random.</summary>
public sealed class MutationTests
{
    private const int Rounds = 4_000;

    private static readonly byte[] Telling =
        [.. "{}[]\",:;\\\n\r\t\0 'x1uN"u8, 0x80, 0xC3, 0xE9, 0xED, 0xA0, 0xEF, 0xBB, 0xBF, 0xF0, 0xFF, 0xFE];

    private static readonly (DatasetPurpose Purpose, string File)[] Bases =
    [
        (
            DatasetPurpose.FineTune,
            "{\"text\":\"schön 😀\",\"label\":\"a\",\"n\":[1,null]}\r\n\n{\"label\":\"b\",\"text\":\"p\\u00fcor \\ud83d\\ude00\"}\n"),
        (DatasetPurpose.FineTune, "{\"data\":\"fine\",\"label\":1}\n{\"data\":\"poor\",\"label\":0}\n{\"data\":\"so\",\"label\":0}"),
        (DatasetPurpose.FineTune, "\uFEFFid,text,label\r\n1,\"schön,\n\"\"😀\"\"\",a\r\n2,poor,b\r\n3,,\"b\"\n"),
        (DatasetPurpose.FineTune, "text;label\nfine, really;a\n\"poor\";\"b\"\n"),
        (
            DatasetPurpose.FineTune,
            "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":\"a\"}]}\n"
                + "{\"messages\":[{\"role\":\"user\",\"content\":\"y\"},{\"role\":\"assistant\",\"content\":\"b\"}]}\n"),
        (DatasetPurpose.Batch, DatasetCase.Request("öne") + "\n" + DatasetCase.Request("two") + "\r\n" + DatasetCase.Request("three")),
    ];

    public static TheoryData<int> Files => [.. Enumerable.Range(0, Bases.Length)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Any_change_gives_the_same_report_for_any_pieces_with_places_in_the_file(int file)
    {
        var (purpose, text) = Bases[file];
        var random = new Random(file);
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var changed = Change(random, Encoding.UTF8.GetBytes(text));
            var whole = DatasetReaderTests.Read(new DatasetCase("", purpose, changed, 0, []), changed.Length + 1);

            var expected = DatasetReaderTests.Write(whole);
            Assert.Equal(expected, DatasetReaderTests.Write(DatasetReaderTests.Read(new DatasetCase("", purpose, changed, 0, []), 1)));
            Assert.Equal(expected, DatasetReaderTests.Write(ReadInPieces(random, purpose, changed)));
            AssertPlaces(whole, changed);
            refused += whole.IsAccepted ? 0 : 1;
        }

        Assert.InRange(refused, Rounds / 10, Rounds); // The changes do break files.
    }

    private static byte[] Change(Random random, byte[] file)
    {
        List<byte> bytes = [.. file];
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes.Insert(at, Telling[random.Next(Telling.Length)]);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 3 when random.Next(8) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes[at] = Telling[random.Next(Telling.Length)];
                    break;
            }
        }

        return [.. bytes];
    }

    private static DatasetReport ReadInPieces(Random random, DatasetPurpose purpose, byte[] file)
    {
        var reader = DatasetReader.For(purpose);
        for (var at = 0; at < file.Length;)
        {
            var size = Math.Min(random.Next(0, 40), file.Length - at);
            reader.Feed(file.AsSpan(at, size));
            at += size;
        }

        return reader.Complete();
    }

    private static void AssertPlaces(DatasetReport report, byte[] file)
    {
        var text = file.AsSpan().StartsWith("\uFEFF"u8) ? file[3..] : file;
        List<int> columns = [1];
        foreach (var value in text)
        {
            if (value == (byte)'\n')
            {
                columns.Add(1);
            }
            else
            {
                columns[^1] += (value & 0xC0) == 0x80 ? 0 : 1;
            }
        }

        Assert.InRange(report.Rows, 0, columns.Count);
        Assert.All(report.Faults, fault =>
        {
            Assert.InRange(fault.Line, 1, columns.Count);
            Assert.InRange(fault.Column, 1, columns[(int)fault.Line - 1]);
        });
    }
}
