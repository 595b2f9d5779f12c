using System.Text.Json;
using Tollgate.Contracts.Datasets;

namespace Tollgate.Contracts.Tests.Datasets;

public sealed class DatasetReaderTests
{
    private static readonly Dictionary<string, DatasetCase> Cases =
        FileCases.All().Concat(JsonCases.All()).Concat(CsvCases.All()).Concat(BatchCases.All()).ToDictionary(file => file.Name);

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Complete_reports_every_fault_with_its_place(string name)
    {
        var file = Cases[name];

        var report = Read(file, file.File.Length);

        Assert.Equal(file.Faults, report.Faults.Select(fault => (fault.Code, fault.Line, fault.Column)));
        Assert.Equal(file.Rows, report.Rows);
        Assert.Equal(file.Warnings, report.Warnings.Select(warning => warning.Code).Except(["rare_class"])); // Most files here are short.
        Assert.Equal(file.Faults.Count == 0, report.IsAccepted);
        Assert.All(report.Faults, fault => AssertSentence(fault.Message));
        Assert.All(report.Warnings, warning => AssertSentence(warning.Message));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Complete_reports_the_same_however_the_file_is_cut(string name)
    {
        var file = Cases[name];
        var whole = Write(Read(file, file.File.Length));

        // Byte by byte where that is quick; the sizes meet no line's end twice in the same place.
        Assert.All(file.File.Length < 100_000 ? [1, 7, 64, 509] : (int[])[4_093], size => Assert.Equal(whole, Write(Read(file, size))));
    }

    [Theory]
    [InlineData("UTF-16 without a mark", "UTF-16 (little endian")]
    [InlineData("UTF-16 big endian", "UTF-16 (big endian")]
    [InlineData("UTF-32", "UTF-32 (little endian")]
    [InlineData("Latin-1", "looks like Latin-1")]
    [InlineData("Latin-1 at a line's end", "looks like Latin-1")]
    [InlineData("Windows-1252", "looks like Windows-1252")]
    [InlineData("a character that is cut off", "ends within a character")]
    [InlineData("zip bomb", "a zip file")]
    [InlineData("zstd", "a zstd file")]
    [InlineData("XLSX", "an Excel")]
    [InlineData("pickle", "a Python pickle")]
    [InlineData("HTML", "an HTML page")]
    [InlineData("a system message", "messages[0] has the role 'system'")]
    [InlineData("NaN", "NaN")]
    [InlineData("OpenAI's older form", "'prompt', 'completion'")]
    [InlineData("an id twice", "'one' stands on line 1")]
    [InlineData("another separator", "'text|label'")]
    public void A_message_names_what_was_sent(string name, string part) =>
        Assert.Contains(part, Read(Cases[name], Cases[name].File.Length).Faults.Single().Message, StringComparison.Ordinal);

    [Fact]
    public void There_are_enough_kinds_of_files() => Assert.InRange(Cases.Values.Count(file => file.Faults.Count > 0), 100, int.MaxValue);

    [Fact]
    public async Task ReadAsync_reads_a_stream_and_leaves_it_open()
    {
        using var file = new MemoryStream(Cases["CSV"].File);

        var report = await DatasetReader.For(DatasetPurpose.FineTune).ReadAsync(file, CancellationToken.None);

        Assert.True(report.IsAccepted);
        Assert.Equal(file.Length, report.Bytes);
        Assert.True(file.CanRead);
    }

    [Theory]
    [InlineData(DatasetPurpose.Evals)]
    [InlineData(DatasetPurpose.UserData)]
    public void Complete_counts_the_bytes_of_files_that_are_not_read(DatasetPurpose purpose)
    {
        var reader = DatasetReader.For(purpose);
        reader.Feed(Cases["PDF"].File);
        reader.Feed([0xFF, 0xFE]);

        var report = reader.Complete();

        Assert.True(report.IsAccepted);
        Assert.Equal((11, 0), (report.Bytes, report.Rows)); // "%PDF-1.7\n" and two bytes.
    }

    [Fact]
    public void IsStopped_is_known_before_the_rest_of_a_packed_file_arrives()
    {
        var reader = DatasetReader.For(DatasetPurpose.FineTune);

        reader.Feed([0x1F, 0x8B, .. new byte[510]]);

        Assert.True(reader.IsStopped);
        Assert.Contains("gzip", reader.Complete().Faults.Single().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Complete_lists_100_faults_and_counts_the_others()
    {
        var reader = DatasetReader.For(DatasetPurpose.FineTune);
        for (var i = 0; i < 150; i++)
        {
            reader.Feed("{}\n"u8);
        }

        var report = reader.Complete();

        Assert.Equal((100, 150L, "and 50 more", false), (report.Faults.Count, report.FaultCount, report.FurtherFaults, report.IsStopped));
    }

    [Fact]
    public void Complete_stops_after_10000_faults()
    {
        var reader = DatasetReader.For(DatasetPurpose.FineTune);
        for (var i = 0; i < 10_500; i++)
        {
            reader.Feed("{}\n"u8);
        }

        var report = reader.Complete();

        Assert.Equal((10_000, 10_000, 30_000, true), (report.FaultCount, report.Rows, report.Bytes, report.IsStopped));
    }

    [Theory]
    [InlineData("fine-tune", DatasetPurpose.FineTune)]
    [InlineData("batch", DatasetPurpose.Batch)]
    [InlineData("evals", DatasetPurpose.Evals)]
    [InlineData("user_data", DatasetPurpose.UserData)]
    [InlineData("assistants", null)]
    public void Find_knows_the_words_of_purposes(string word, DatasetPurpose? expected)
    {
        Assert.Equal(expected, DatasetPurposes.Find(word));
        Assert.True(expected is null || expected.Value.Word() == word);
    }

    internal static DatasetReport Read(DatasetCase file, int size)
    {
        var reader = DatasetReader.For(file.Purpose);
        for (var at = 0; at < file.File.Length; at += size)
        {
            reader.Feed(file.File.AsSpan(at, Math.Min(size, file.File.Length - at)));
        }

        return reader.Complete();
    }

    internal static string Write(DatasetReport report) => JsonSerializer.Serialize(report, DatasetJson.Default.DatasetReport);

    /// <summary>A sentence states what is wrong; a second one what to do.</summary>
    private static void AssertSentence(string message)
    {
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 20, 500);
    }
}
