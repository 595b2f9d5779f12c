using Tollgate.Contracts.Datasets;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Datasets;

public sealed class ExampleSplitTests
{
    private static readonly (string Text, string Label)[] Rows =
        [.. Enumerable.Range(0, 1_000).Select(i => ($"text {i}", i % 10 == 0 ? "rare" : "common"))];

    [Fact]
    public void Divide_gives_each_label_its_share()
    {
        var validation = Divide(Rows, 1, 0.2);

        Assert.Equal(20, Rows.Where((row, i) => validation[i] && row.Label == "rare").Count()); // 100 × 0.2
        Assert.Equal(180, Rows.Where((row, i) => validation[i] && row.Label == "common").Count()); // 900 × 0.2
    }

    [Fact]
    public void Divide_depends_on_the_seed_and_the_contents_alone()
    {
        var first = Divide(Rows, 1, 0.2);
        var shuffled = Enumerable.Range(0, Rows.Length).ToArray();
        new Random(3).Shuffle(shuffled);

        var second = Divide([.. shuffled.Select(i => Rows[i])], 1, 0.2);

        Assert.Equal(first, Divide(Rows, 1, 0.2));
        Assert.Equal(shuffled.Select(i => first[i]), second);
        Assert.NotEqual(first, Divide(Rows, 2, 0.2));
    }

    [Fact]
    public void Divide_keeps_its_choice_for_the_seed_of_today()
    {
        // A change here changes the parts of every file that was divided before.
        var validation = Divide([.. Enumerable.Range(0, 12).Select(i => ($"text {i}", i < 6 ? "a" : "b"))], 7, 0.3);

        Assert.Equal([1, 2, 6, 9], Enumerable.Range(0, 12).Where(i => validation[i]));
    }

    [Fact]
    public void Divide_takes_less_than_500_bytes_a_row()
    {
        (string Text, string Label)[] rows = [.. Enumerable.Range(0, 100_000).Select(i => ($"text {i}", $"{i % 3}"))];
        var allocated = GC.GetAllocatedBytesForCurrentThread();

        Divide(rows, 1, 0.2);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - allocated) / rows.Length, 1, 500);
    }

    [Fact]
    public void Divide_leaves_a_row_of_each_label_in_both_parts_where_it_can()
    {
        var validation = Divide([("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b"), ("c1", "c")], 1, 0.01);

        Assert.Single(validation[..2], true);
        Assert.Single(validation[2..4], true);
        Assert.False(validation[4]); // The only row of its label.
        Assert.Equal([true, false], Divide([("a1", "a"), ("a2", "a")], 1, 0.99).OrderDescending());
    }

    [Fact]
    public void Divide_keeps_similar_texts_together_so_that_nothing_leaks()
    {
        var rows = Rows.SelectMany(
            row => ((string Text, string Label)[])[row, (row.Text.ToUpperInvariant() + "!", row.Label), (row.Text, "other")]).ToArray();

        var validation = Divide(rows, 5, 0.3);

        var report = Leaks(rows.Where((_, i) => !validation[i]), rows.Where((_, i) => validation[i]));
        Assert.Equal((0, 0), (report.Exact, report.Similar));
        Assert.InRange(validation.Count(chosen => chosen), 900, 903); // 3,000 × 0.3, in groups of three.
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void A_share_leaves_both_parts_rows(double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExampleSplit(1, share));

    [SharedFact("data/sentiment/train.jsonl")]
    public async Task Divide_divides_the_corpus_of_sentiments()
    {
        List<(string Text, string Label)> rows = [];
        using var file = File.OpenRead(SharedFiles.At("data/sentiment/train.jsonl"));
        var reader = DatasetReader.ForExamples(onExample: example => rows.Add((example.Text, example.Label)));
        await reader.ReadAsync(file, CancellationToken.None);

        var validation = Divide([.. rows], 42, 0.2);

        // 1,198 × 0.2 = 239.6 and 1,186 × 0.2 = 237.2; a text that stands twice may add one.
        Assert.InRange(rows.Where((row, i) => validation[i] && row.Label == "positive").Count(), 240, 241);
        Assert.InRange(rows.Where((row, i) => validation[i] && row.Label == "negative").Count(), 237, 238);
    }

    [Fact]
    public void Report_names_texts_of_both_files()
    {
        var report = Leaks([("fine", "a"), ("poor", "b"), ("so, so", "a")], [("new", "a"), ("fine", "b"), ("So so!", "a"), ("Fine", "a")]);

        Assert.Equal((1, 2), (report.Exact, report.Similar));
        Assert.Equal([new Leak(1, 2, true), new Leak(3, 3, false), new Leak(1, 4, false)], report.Leaks);
    }

    [Theory]
    [InlineData("Good!", "good", true)]
    [InlineData("  good   film", "Good, film.", true)]
    [InlineData("ÄRGER", "ärger", true)]
    [InlineData("good film", "goodfilm", false)]
    [InlineData(":)", ":(", false)]
    [InlineData("fine 😀", "fine 😞", false)]
    [InlineData("1.5", "15", false)]
    public void Normalised_leaves_out_case_spaces_and_punctuation(string one, string other, bool same) =>
        Assert.Equal(same, TextFingerprint.Normalised(one) == TextFingerprint.Normalised(other));

    private static bool[] Divide((string Text, string Label)[] rows, long seed, double share)
    {
        var split = new ExampleSplit(seed, share);
        foreach (var (text, label) in rows)
        {
            split.Add(text, label);
        }

        return split.Divide();
    }

    private static LeakReport Leaks(IEnumerable<(string Text, string Label)> training, IEnumerable<(string Text, string Label)> validation)
    {
        var check = new LeakCheck();
        foreach (var (index, row) in training.Index())
        {
            check.AddTraining(new Example(row.Text, row.Label, index + 1));
        }

        foreach (var (index, row) in validation.Index())
        {
            check.CheckValidation(new Example(row.Text, row.Label, index + 1));
        }

        return check.Report();
    }
}
