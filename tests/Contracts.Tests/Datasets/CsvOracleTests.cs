using System.Text;
using nietras.SeparatedValues;
using Tollgate.Contracts.Datasets;

namespace Tollgate.Contracts.Tests.Datasets;

/// <summary>Well-formed CSV means to our scanner what it means to a widely used library.</summary>
public sealed class CsvOracleTests
{
    private const string Letters = "abc ,;\t\"\r\nä好'{[#";

    [Theory]
    [InlineData(',')]
    [InlineData(';')]
    [InlineData('\t')]
    public void Complete_reads_the_fields_that_Sep_reads(char separator)
    {
        var random = new Random(separator);
        for (var round = 0; round < 300; round++)
        {
            var file = Table(random, separator);
            List<(string, string)> read = [];
            var reader = DatasetReader.ForExamples(onExample: example => read.Add((example.Text, example.Label)));

            reader.Feed(Encoding.UTF8.GetBytes(file));
            var report = reader.Complete();

            Assert.DoesNotContain(report.Faults, fault => fault.Code != "one_class");
            Assert.Equal(ReadBySep(file, separator), read);
        }
    }

    private static List<(string Text, string Label)> ReadBySep(string file, char separator)
    {
        List<(string, string)> rows = [];
        using var reader = Sep.New(separator).Reader(options => options with { Unescape = true }).FromText(file);
        foreach (var row in reader)
        {
            rows.Add((row["text"].ToString(), row["label"].ToString()));
        }

        return rows;
    }

    private static string Table(Random random, char separator)
    {
        var end = random.Next(2) == 0 ? "\n" : "\r\n";
        var columns = random.Next(2) == 0 ? (string[])["text", "label", "more"] : ["label", "more", "text"];
        var text = new StringBuilder(string.Join(separator, columns)).Append(end);
        for (var row = random.Next(1, 12); row > 0; row--)
        {
            text.AppendJoin(separator, columns.Select(column => Field(random, separator, column))).Append(end);
        }

        return text.ToString();
    }

    private static string Field(Random random, char separator, string column)
    {
        var text = column switch { "label" => random.Next(2) == 0 ? "a" : "b", "text" => "x", _ => "" };
        text += column == "label" ? "" : new string(random.GetItems<char>(Letters, random.Next(6)));
        var mustQuote = text.AsSpan().IndexOfAny([separator, '"', '\r', '\n']) >= 0;
        return mustQuote || random.Next(3) == 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
