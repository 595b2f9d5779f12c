using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Rewriting;
using Tollgate.Testing;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Tests.Steps;

public sealed class TrainerTests
{
    private static readonly TrainingPlan Plan = new()
    {
        Logits = "logits",
        Loss = LossKind.Softmax,
        Seed = 5,
        Dropout = [new("mean", 0.2f)],
        Optimizer = new Optimizer { Decay = 0.1, ClipNorm = 0.5 },
    };

    private static readonly TrainingPlan Plain = Plan with { Dropout = [], Optimizer = new Optimizer() };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_makes_the_same_weights_bit_for_bit_from_the_same_seed(int threads)
    {
        var plan = Plan with { Threads = threads };

        Assert.Equal(Train(SmallModels.Classifier(), plan, 0, 8), Train(SmallModels.Classifier(), plan, 0, 8));
        plan = plan with { Dropout = [] };
        Assert.Equal(Train(SmallModels.Recurrent(), plan, 0, 8), Train(SmallModels.Recurrent(), plan, 0, 8));
    }

    [Fact]
    public void Run_drops_other_numbers_for_another_seed() =>
        Assert.NotEqual(Train(SmallModels.Classifier(), Plan, 0, 3), Train(SmallModels.Classifier(), Plan with { Seed = 6 }, 0, 3));

    [Fact]
    public void Restore_goes_on_bit_for_bit()
    {
        var folder = TestFolder.Create("training");
        var path = Path.Combine(folder, "state");
        using (var first = new Trainer(SmallModels.Classifier(), Plan))
        {
            RunSteps(first, 0, 4);
            first.Save(path);
            RunSteps(first, 4, 6); // Lost with the process.
        }

        using var second = new Trainer(SmallModels.Classifier(), Plan);
        second.Restore(path);
        RunSteps(second, 4, 8);

        Assert.Equal(8, second.Step);
        Assert.Equal(Train(SmallModels.Classifier(), Plan, 0, 8), Numbers(second));
        Assert.Equal(["state"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Restore_refuses_damage_and_other_trainings_and_changes_nothing()
    {
        var folder = TestFolder.Create("training");
        var path = Path.Combine(folder, "state");
        using var trainer = new Trainer(SmallModels.Classifier(), Plan);
        RunSteps(trainer, 0, 2);
        trainer.Save(path);
        var before = Numbers(trainer);
        using var other = new Trainer(SmallModels.Classifier(), Plan with { Seed = 6 });
        Assert.Throws<InvalidDataException>(() => other.Restore(path));
        using var smaller = new Trainer(SmallModels.Classifier(), Plan with { IsTrained = SmallModels.Head.Contains });
        Assert.Throws<InvalidDataException>(() => smaller.Restore(path));

        var bytes = File.ReadAllBytes(path);
        for (var place = 0; place < bytes.Length; place += 97)
        {
            bytes[place] ^= 1;
            File.WriteAllBytes(path, bytes);
            Assert.Throws<InvalidDataException>(() => trainer.Restore(path));
            bytes[place] ^= 1;
        }

        File.WriteAllBytes(path, bytes[..^1]);
        Assert.Throws<InvalidDataException>(() => trainer.Restore(path));
        Assert.Equal(before, Numbers(trainer));
    }

    [Fact]
    public void Run_over_parts_is_a_step_over_the_whole_batch()
    {
        var batch = SmallModels.Batch(1, rows: 6);
        using var whole = new Trainer(SmallModels.Classifier(), Plain);
        using var parts = new Trainer(SmallModels.Classifier(), Plain);

        var one = whole.Run([batch], 0.01);
        var three = parts.Run([Rows(batch, 0, 3), Rows(batch, 3, 4), Rows(batch, 4, 6)], 0.01);

        Assert.Equal(one.Loss, three.Loss, 1e-6);
        Assert.Equal(one.GradientNorm, three.GradientNorm, 1e-6);
        AssertClose(Gradients(whole), Gradients(parts), 1e-6);
    }

    [Fact]
    public void Run_weighs_a_row_of_weight_two_as_two_rows()
    {
        var batch = SmallModels.Batch(2, rows: 3);
        var doubled = SmallModels.Of([.. Ids(batch, 0), .. Ids(batch, 0), .. Ids(batch, 1), .. Ids(batch, 2)], [1, 1, 0, 2], 5);
        var weighted = SmallModels.Of([.. Ids(batch, 0), .. Ids(batch, 1), .. Ids(batch, 2), .. Ids(batch, 2)], [1, 0, 2, 0], 5)
            with { Weights = [2, 1, 1, 0] };
        using var first = new Trainer(SmallModels.Classifier(), Plain);
        using var second = new Trainer(SmallModels.Classifier(), Plain);

        var (two, one) = (first.Run([doubled], 0.01), second.Run([weighted], 0.01));

        Assert.Equal(two.Loss, one.Loss, 1e-6);
        AssertClose(Gradients(first), Gradients(second), 1e-6);
    }

    [Fact]
    public void Run_changes_only_trained_parameters_and_gives_the_others_no_work()
    {
        var model = SmallModels.Classifier();
        var plan = Plain with { IsTrained = SmallModels.Head.Contains };
        using var trainer = new Trainer(model, plan);

        RunSteps(trainer, 0, 3);

        var trained = trainer.Export();
        Assert.Equal(SmallModels.Head, trainer.Parameters.Select(parameter => parameter.Name).Order().Reverse());
        Assert.All(model.Initializers.Keys, name => Assert.Equal(
            !SmallModels.Head.Contains(name), trained.Initializers[name].Data.Span.SequenceEqual(model.Initializers[name].Data.Span)));
        var graph = TrainingGraph.Build(model, plan).Graph;
        Assert.DoesNotContain(graph.Nodes, node => node.Operator is "ScatterND" or "Scan");
    }

    [Fact]
    public void Run_adds_the_squares_of_decayed_parameters_to_the_loss()
    {
        var model = SmallModels.Classifier();
        using var plain = new Trainer(model, Plain);
        using var squared = new Trainer(model, Plain with { SquaresFactor = 0.1f });
        var batch = SmallModels.Batch(3);

        var (without, with) = (plain.Run([batch], 0), squared.Run([batch], 0));

        var squares = new[] { "words", "dense.weight", "head.weight" }
            .Sum(name => model.Initializers[name].Floats.ToArray().Sum(value => (double)value * value));
        Assert.Equal(without.Loss + (0.05 * squares), with.Loss, 1e-5);
        var head = squared.Parameters.Single(parameter => parameter.Name == "head.weight");
        AssertClose(
            [.. plain.Memory.GradientsOf(head).ToArray().Zip(model.Initializers["head.weight"].Floats.ToArray(), (g, w) => g + (0.1f * w))],
            squared.Memory.GradientsOf(head).ToArray(), 1e-6);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(5, 5)]
    public void Run_lets_the_gradient_flow_back_to_the_last_boundary(int truncation, int steps)
    {
        var model = SmallModels.Recurrent();
        using var trainer = new Trainer(model, Plain with { Truncation = truncation });

        trainer.Run([SmallModels.Of([10, 11, 12, 13, 14], [1], 5)], 0.01);

        var words = trainer.Parameters.Single(parameter => parameter.Name == "words");
        var gradients = trainer.Memory.GradientsOf(words).ToArray().Chunk(SmallModels.Width).ToArray();
        int[] reached = [.. Enumerable.Range(0, SmallModels.Words).Where(word => gradients[word].Any(value => value != 0))];
        Assert.Equal(Enumerable.Range(15 - steps, steps), reached);
    }

    [Fact]
    public void Run_learns_and_Export_gives_what_Predict_gives()
    {
        using var trainer = new Trainer(SmallModels.Recurrent(), Plain);
        var batch = SmallModels.Batch(4);
        var first = trainer.Run([batch], 0.02).Loss;
        for (var i = 0; i < 60; i++)
        {
            trainer.Run([batch], 0.02);
        }

        Assert.InRange(trainer.Run([batch], 0).Loss, 0, first / 10);
        using var exported = new InferenceSession(trainer.Export().ToModel());
        using var options = new RunOptions();
        using var results = exported.Run(
            options, batch.Inputs.ToDictionary(input => input.Key, input => Training.Steps.Sessions.Value(input.Value)), ["logits"]);
        var (logits, shape) = trainer.Predict(batch.Inputs);
        Assert.Equal([6, SmallModels.Labels], shape);
        Assert.Equal(logits, results[0].GetTensorDataAsSpan<float>().ToArray());
    }

    [Fact]
    public void Run_takes_batches_of_other_shapes()
    {
        using var trainer = new Trainer(SmallModels.Classifier(), Plan);

        var results = new[] { (4, 9), (1, 1), (7, 2), (4, 9) }.Select(shape =>
            trainer.Run([SmallModels.Batch(1, shape.Item1, shape.Item2)], 0)).ToArray();

        Assert.All(results, result => Assert.True(float.IsFinite(result.Loss) && result.GradientNorm > 0));
    }

    [Fact]
    public void Run_updates_as_AdamW_does()
    {
        var optimizer = new Optimizer { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6, Decay = 0.1, ClipNorm = 0.05 };
        using var trainer = new Trainer(SmallModels.Classifier(), Plain with { Optimizer = optimizer });
        var parameters = trainer.Parameters;
        var values = parameters.Select(parameter => Doubles(trainer.Memory.ValuesOf(parameter))).ToArray();
        var (first, second) = (Zeros(values), Zeros(values));
        for (var step = 1; step <= 4; step++)
        {
            const double Rate = 0.01;
            var norm = trainer.Run([SmallModels.Batch(step)], Rate).GradientNorm;
            var factor = Math.Min(1, optimizer.ClipNorm / (norm + 1e-6));
            for (var p = 0; p < values.Length; p++)
            {
                var gradients = trainer.Memory.GradientsOf(parameters[p]);
                for (var i = 0; i < values[p].Length; i++)
                {
                    var g = gradients[i] * factor;
                    first[p][i] = (0.8 * first[p][i]) + (0.2 * g);
                    second[p][i] = (0.95 * second[p][i]) + (0.05 * g * g);
                    var change = first[p][i] / (1 - Math.Pow(0.8, step))
                        / (Math.Sqrt(second[p][i] / (1 - Math.Pow(0.95, step))) + 1e-6);
                    values[p][i] = (values[p][i] * (1 - (parameters[p].IsDecayed ? Rate * 0.1 : 0))) - (Rate * change);
                    Assert.Equal(values[p][i], trainer.Memory.ValuesOf(parameters[p])[i], 2e-6);
                }
            }
        }

        Assert.Equal(["dense.weight", "head.weight", "words"], parameters.Where(p => p.IsDecayed).Select(p => p.Name).Order());
    }

    [Fact]
    public void Trainer_refuses_what_cannot_be_trained()
    {
        GradientException Refusal(ModelGraph model, TrainingPlan plan) =>
            Assert.Throws<GradientException>(() => new Trainer(model, plan).Dispose());

        Assert.Contains(
            "no output 'scores'", Refusal(SmallModels.Classifier(), Plain with { Logits = "scores" }).Message, StringComparison.Ordinal);
        Assert.Contains(
            "does not depend on a trained parameter",
            Refusal(SmallModels.Classifier(), Plain with { IsTrained = _ => false }).Message, StringComparison.Ordinal);
        Assert.Contains(
            "Dropout of 0.1 at 'nothing'",
            Refusal(SmallModels.Classifier(), Plain with { Dropout = [new("nothing", 0.1f)] }).Message, StringComparison.Ordinal);
        var peepholes = SmallModels.Recurrent();
        var index = peepholes.Nodes.FindIndex(node => node.Operator == "LSTM");
        peepholes.Nodes[index].Attributes["clip"] = 1f;
        Assert.Contains("it clips its cells", Refusal(peepholes, Plain).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dropout_drops_its_share_and_keeps_the_mean()
    {
        var graph = SmallModels.Classifier();
        var form = TrainableForm.WithOperators(graph);
        var mask = Assert.Single(DropoutMask.Insert(form, ShapeProbe.Run(form), [new("mean", 0.25f)]));
        var numbers = new float[mask.Count(new Dictionary<string, long> { ["batch"] = 1_000, ["sequence"] = 7 })];

        mask.Fill(numbers, seed: 3, step: 4, part: 0);

        Assert.Equal(1_000 * 2 * SmallModels.Width, numbers.Length);
        Assert.All(numbers.Distinct(), value => Assert.Contains(value, new[] { 0f, 4f / 3 }));
        Assert.InRange(numbers.Count(value => value == 0) / (double)numbers.Length, 0.23, 0.27); // 16,000 numbers: 5.8 deviations.
        var other = new float[numbers.Length];
        mask.Fill(other, seed: 3, step: 5, part: 0);
        Assert.NotEqual(numbers, other);
    }

    private static float[] Train(ModelGraph model, TrainingPlan plan, int first, int end)
    {
        using var trainer = new Trainer(model, plan);
        RunSteps(trainer, first, end);
        return Numbers(trainer);
    }

    private static void RunSteps(Trainer trainer, int first, int end)
    {
        for (var step = first; step < end; step++)
        {
            trainer.Run([SmallModels.Batch(step), SmallModels.Batch(100 + step, rows: 2, length: 3)], 0.01);
        }
    }

    private static float[] Numbers(Trainer trainer) =>
        [.. trainer.Memory.Values, .. trainer.Memory.FirstMoments, .. trainer.Memory.SecondMoments];

    private static float[] Gradients(Trainer trainer) => trainer.Memory.Gradients.ToArray();

    private static double[] Doubles(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), value => (double)value);

    private static double[][] Zeros(double[][] like) => Array.ConvertAll(like, values => new double[values.Length]);

    private static long[] Ids(TrainingBatch batch, int row) => batch.Inputs["ids"].Longs.Slice(row * 5, 5).ToArray();

    private static TrainingBatch Rows(TrainingBatch batch, int from, int to) => SmallModels.Of(
        batch.Inputs["ids"].Longs[(from * 5)..(to * 5)].ToArray(), batch.Labels.Longs[from..to].ToArray(), 5);

    private static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
