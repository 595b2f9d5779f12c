using Tollgate.Inference.Graphs;
using Tollgate.Testing;
using Tollgate.Training.Explanations;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;
using Tollgate.Training.Tests.Runs;

namespace Tollgate.Training.Tests.Explanations;

public sealed class ExplanationTests
{
    private const int Rows = 240;

    [Theory]
    [InlineData(TrainingMethod.Encoder)]
    [InlineData(TrainingMethod.Lstm)]
    public async Task IntegratedGradients_divide_the_score_and_point_at_the_word_that_decides(TrainingMethod method)
    {
        var folder = await TrainAsync(method);
        using var gradients = IntegratedGradients.Open(folder);

        foreach (var (word, label) in ((string, int)[])[("awful", 0), ("lovely", 1)]) // Labels in ordinal order: bad, good.
        {
            var found = gradients.Explain($"The soup and the song were {word}, not like that road");

            Assert.Equal(label, found.Label);
            Assert.InRange(found.Error, 0, IntegratedGradients.Tolerance * Math.Abs(found.Score - found.Baseline));
            Assert.Equal(found.Score - found.Baseline, found.Tokens.Sum(token => token.Contribution), found.Error + 1e-9);
            Assert.Equal(word, found.Tokens.MaxBy(token => token.Contribution)!.Text);
        }
    }

    [Fact]
    public async Task LinearContributions_sum_to_the_logit_exactly()
    {
        using var linear = LinearContributions.Open(await TrainAsync(TrainingMethod.Head));

        var found = linear.Explain("The soup and the song were awful, not like that road", label: 0);

        Assert.InRange(found.Error, 0, 1e-4);
        Assert.Equal(found.Score - found.Baseline, found.Tokens.Sum(token => token.Contribution), 1e-4);
        Assert.Equal(12, found.Tokens.Count);
        Assert.True(found.Tokens.Select(token => token.Contribution).Distinct().Count() >= 11); // "the" stands there twice.
    }

    [Fact]
    public async Task LinearContributions_refuse_another_model()
    {
        var folder = await TrainAsync(TrainingMethod.Lstm);

        Assert.Throws<GradientException>(() => LinearContributions.Open(folder));
    }

    private static async Task<string> TrainAsync(TrainingMethod method)
    {
        var folder = TestFolder.Create("run");
        var request = new TrainingRequest
        {
            BaseModel = method == TrainingMethod.Lstm ? null : await TinyBase.InstallAsync(SmallFile.Rows(Rows, 2).Select(row => row.Text)),
            TrainingFile = SmallFile.Write(Rows, 2),
            Output = Path.Combine(folder, "out"),
            WorkFolder = Path.Combine(folder, "work"),
            Settings = new TrainingSettings
            {
                Method = method, Epochs = 10, BatchSize = 8, LearningRateMultiplier = method == TrainingMethod.Encoder ? 20 : 1,
            },
        };
        await TrainingRun.RunAsync(request, null, default);
        return request.Output;
    }
}
