using System.Text.Json;
using Tollgate.Contracts.Datasets;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Datasets;

public sealed class StatisticsTests
{
    [Fact]
    public void Complete_counts_labels_lengths_and_duplicates()
    {
        var report = Read(
            "id,text,label\n1,good,a\n2,\"so\n好😀\",b\n3,good,a\n4,GOOD!,b\n5,good,b\n6,,a\n", text => text.Length / 2);

        // Six rows, the last one without a text. Line 3 continues on line 4.
        Assert.Equal((6, 5, 1), (report.Rows, report.GoodRows, report.FaultCount));
        var examples = report.Examples!;
        Assert.Equal("text", examples.Form);
        Assert.Equal([new LabelCount("a", 2), new LabelCount("b", 3)], examples.Labels);
        Assert.Equal(new LengthStatistics(4, 2, 5, 3 + 3, 4 + 5 + 4 + 5 + 4), examples.Characters! with { LongestLine = 6 });
        Assert.Equal(3, examples.Characters.LongestLine); // so, line feed, 好, 😀: five characters, six units of UTF-16.
        Assert.Equal(new LengthStatistics(2, 2, 3, 3, 2 + 3 + 2 + 2 + 2), examples.Tokens);
        Assert.Equal((2, 1, 1, 1), (
            examples.DuplicateTexts, examples.ContradictoryLabels, examples.SimilarTexts, examples.SimilarContradictions));
        Assert.Equal(["id"], examples.Ignored);
    }

    [Fact]
    public void Complete_names_the_lines_of_contradictions()
    {
        var report = Read("text,label\nfine,a\npoor,b\nfine,b\nPoor.,a\nfine,a\n");

        Assert.Equal([2, 4], report.Warnings.Single(warning => warning.Code == "contradictory_label").Lines);
        Assert.Equal([3, 5], report.Warnings.Single(warning => warning.Code == "label_noise").Lines);
        Assert.Equal([2, 4], report.Warnings.Single(warning => warning.Code == "duplicate_text").Lines);
    }

    [Fact]
    public void Complete_names_20_contradictions_and_counts_the_others()
    {
        var rows = Enumerable.Range(0, 25).Select(i => $"text {i},a\ntext {i},b\n");

        var report = Read("text,label\n" + string.Concat(rows));

        var found = report.Warnings.Where(warning => warning.Code == "contradictory_label").ToList();
        Assert.Equal(21, found.Count);
        Assert.Equal("And 5 more of this kind.", found[^1].Message);
        Assert.Equal(25, report.Examples!.ContradictoryLabels);
    }

    [Fact]
    public void Complete_names_labels_that_have_one_row()
    {
        var report = Read("text,label\nfine,a\ngood,a\npoor,b\nso,c\n");

        Assert.Equal([4, 5], report.Warnings.Single(warning => warning.Code == "rare_class").Lines);
    }

    [Fact]
    public void Complete_counts_as_many_lines_of_a_batch_as_the_file_has()
    {
        var reader = DatasetReader.For(DatasetPurpose.Batch);
        foreach (var line in (string[])[DatasetCase.Request("a"), DatasetCase.Request("a"), "{}", "no JSON", DatasetCase.Request("b")])
        {
            reader.Feed(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
        }

        var report = reader.Complete();

        // The second line repeats an id, the third lacks four members, the fourth is no JSON.
        Assert.Equal((5, 2, 6), (report.Rows, report.GoodRows, report.FaultCount));
        Assert.Equal("a", report.Faults[0].CustomId);
        Assert.Equal("/v1/chat/completions", report.Batch!.Url);
        Assert.Equal([new ModelLines("m", 2)], report.Batch.Models);
    }

    [Fact]
    public void ForBatch_passes_on_good_lines_with_their_bodies()
    {
        List<string> lines = [];
        var reader = DatasetReader.ForBatch(onLine: line => lines.Add(
            $"{line.Line} {line.CustomId} {line.Url} {line.Model} {System.Text.Encoding.UTF8.GetString(line.Body)}"));

        reader.Feed(System.Text.Encoding.UTF8.GetBytes($"{DatasetCase.Request("a")}\n{{}}\n{DatasetCase.Request("b")}"));
        reader.Complete();

        Assert.Equal(
            ((string[])["1 a", "3 b"]).Select(start => start + " /v1/chat/completions m {\"model\":\"m\",\"messages\":[]}"), lines);
    }

    [Fact]
    public void DatasetJson_writes_reports_in_snake_case_and_reads_them_again()
    {
        var report = Read("text,label\n\"fine\",a\npoor\n");

        var json = DatasetReaderTests.Write(report);

        Assert.StartsWith(
            """{"format":"csv","bytes":25,"rows":2,"good_rows":1,"fault_count":1,"is_stopped":false,"""
            + "\"faults\":[{\"code\":\"field_count\",\"line\":3,\"column\":5,",
            json, StringComparison.Ordinal);
        Assert.DoesNotContain("null", json, StringComparison.Ordinal);
        Assert.Equal(json, DatasetReaderTests.Write(JsonSerializer.Deserialize(json, DatasetJson.Default.DatasetReport)!));
    }

    /// <summary>The figures come from a count in Python over the same file.</summary>
    [SharedFact("data/sentiment/train.jsonl")]
    public async Task ReadAsync_accepts_the_corpus_of_sentiments()
    {
        List<Example> examples = [];
        using var file = File.OpenRead(SharedFiles.At("data/sentiment/train.jsonl"));

        var report = await DatasetReader.ForExamples(onExample: examples.Add).ReadAsync(file, CancellationToken.None);

        Assert.True(report.IsAccepted);
        Assert.Equal((284_772, 2_384, 2_384), (report.Bytes, report.Rows, report.GoodRows));
        Assert.Equal([new LabelCount("positive", 1_198), new LabelCount("negative", 1_186)], report.Examples!.Labels);
        Assert.Equal(new LengthStatistics(5, 734, 477, 620, 154_349), report.Examples.Characters);
        Assert.Equal((0, 4, 0), (report.Examples.DuplicateTexts, report.Examples.SimilarTexts, report.Examples.SimilarContradictions));
        Assert.Equal(["source"], report.Examples.Ignored);
        Assert.Equal("ignored_members", Assert.Single(report.Warnings).Code);
        Assert.Equal(new Example("what a disappointment", "negative", 6), examples[5]);
    }

    private static DatasetReport Read(string file, Func<string, int>? countTokens = null)
    {
        var reader = DatasetReader.ForExamples(countTokens: countTokens);
        reader.Feed(System.Text.Encoding.UTF8.GetBytes(file));
        return reader.Complete();
    }
}
