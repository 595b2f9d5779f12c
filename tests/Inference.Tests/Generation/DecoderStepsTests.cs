using System.Numerics.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Decoders;

namespace Tollgate.Inference.Tests.Generation;

/// <summary>What the scheduler relies on in an engine, for every engine, family and precision. That for devices runs over the memory of the
/// host.</summary>
[Collection(nameof(TinyFamilyModels))]
public sealed class DecoderStepsTests(TinyFamilyModels models)
{
    private const int Length = 96;
    private const int Chunk = 48;
    private static readonly int[] Prompts = [5, 40, 17, 33, 2, 24];

    public static TheoryData<string> Names => [.. TinyFamilies.Everything.Select(family => family.Name)];

    public static TheoryData<string, bool> Engines
    {
        get
        {
            var engines = new TheoryData<string, bool>();
            foreach (var family in TinyFamilies.Everything)
            {
                engines.Add(family.Name, false);
                engines.Add(family.Name, true);
            }

            return engines;
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Prompts_read_in_one_step_leave_each_row_with_the_bits_of_its_own_chunk(string name, bool onDevice)
    {
        using var together = Open(name, onDevice, rows: Prompts.Length + 1);
        using var alone = Open(name, onDevice, rows: 1);
        together.ReadFirst(1, [.. Prompts.Select((_, i) => (ReadOnlyMemory<int>)Prompt(i))], length: 42);
        var first = Enumerable.Range(0, Prompts.Length).Select(i => together.Logits(i).ToArray()).ToList();
        together.Copy(Prompts.Length, 0, Prompts[^1]);

        together.Decode([77, .. Enumerable.Range(7, Prompts.Length)], [Prompts[^1], .. Prompts]);

        for (var i = 0; i < Prompts.Length; i++)
        {
            ReadAlone(alone, Prompt(i));
            Assert.Equal(0, TensorPrimitives.Distance<float>(first[i], alone.Logits(0)));
            alone.Decode([7 + i], [Prompts[i]]);
            Assert.Equal(0, TensorPrimitives.Distance<float>(together.Logits(1 + i), alone.Logits(0)));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Tokens_that_were_saved_and_restored_are_those_that_were_read(string name, bool onDevice)
    {
        using var cold = Open(name, onDevice, rows: 1);
        using var warm = Open(name, onDevice, rows: 3);
        cold.Extend(0, Prompt(1), past: 0);
        warm.Extend(2, Prompt(1), past: 0);
        using var begin = warm.Save(2, first: 0, count: 16);
        using var next = warm.Save(2, first: 16, count: 24);
        warm.Extend(2, Prompt(3), past: 0); // The blocks keep what they hold.

        warm.Restore(begin, 0, first: 0);
        warm.Restore(next, 0, first: 16);
        warm.Decode([9], [40]);
        cold.Decode([9], [40]);

        Assert.Equal(24, next.Tokens);
        Assert.Equal(24 * warm.BytesPerToken, next.Bytes);
        Assert.Equal(0, TensorPrimitives.Distance<float>(cold.Logits(0), warm.Logits(0)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_graph_of_an_earlier_version_gives_the_bits_of_today_s_one_by_one(string name)
    {
        var model = models.Model(name);
        var today = File.ReadAllBytes(model.Installed.PathOf(model.Manifest.Graph));
        using var session = new SessionFactory(ExecutionProvider.Cpu).Open(EarlierGraph.Of(today));
        using var earlier = new DecoderSteps(session, model.Shape, rows: 2, Length, Chunk);
        using var steps = Open(name, onDevice: false, rows: 2);

        for (var row = 0; row < 2; row++)
        {
            earlier.Extend(row, Prompt(row), past: 0);
            steps.Extend(row, Prompt(row), past: 0);
            Assert.Equal(0, TensorPrimitives.Distance<float>(steps.Logits(0), earlier.Logits(0)));
        }

        earlier.Decode([3, 4], Prompts.AsSpan(0, 2));
        steps.Decode([3, 4], Prompts.AsSpan(0, 2));

        Assert.Equal(0, TensorPrimitives.Distance<float>(steps.Logits(0), earlier.Logits(0)));
        Assert.Equal(0, TensorPrimitives.Distance<float>(steps.Logits(1), earlier.Logits(1)));
        Assert.False(earlier.ReadsTogether);
        Assert.Equal(0, earlier.MostVerified);
        Assert.Throws<InvalidOperationException>(() => earlier.ReadFirst(0, [Prompt(0), Prompt(1)], length: 42));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Tokens_verified_in_one_step_have_the_bits_of_steps_of_their_own_and_wrong_ones_leave_nothing(string name)
    {
        using var together = Open(name, onDevice: false, rows: 4);
        using var alone = Open(name, onDevice: false, rows: 1);
        int[] prompts = [40, 5, 1];
        int[] counts = [AttentionRounds.Count, 1, 3];
        int[] right = [3, 1, 3]; // Of the tokens fed to each row, those that stay.
        int[] next = [.. Enumerable.Range(0, counts.Sum()).Select(i => 7 + (i * 11))];
        for (var row = 0; row < prompts.Length; row++)
        {
            together.Extend(row, Sequence(row, prompts[row]), past: 0);
        }

        together.Verify(next, counts, prompts);
        var verified = Enumerable.Range(0, next.Length).Select(i => together.Logits(i).ToArray()).ToList();
        together.Decode([60, 61, 62], [.. prompts.Zip(right, (prompt, kept) => prompt + kept)]);

        for (var (row, first) = (0, 0); row < prompts.Length; first += counts[row++])
        {
            alone.Extend(0, Sequence(row, prompts[row]), past: 0);
            for (var i = 0; i < counts[row]; i++)
            {
                alone.Decode([next[first + i]], [prompts[row] + i]);
                Assert.Equal(0, TensorPrimitives.Distance(verified[first + i], alone.Logits(0)));
            }

            alone.Decode([60 + row], [prompts[row] + right[row]]);
            Assert.Equal(0, TensorPrimitives.Distance(together.Logits(row), alone.Logits(0)));
        }
    }

    [Fact]
    public void Verify_refuses_more_tokens_than_rounds_and_rows_without_a_token()
    {
        using var steps = Open(TinyFamilies.Everything[0].Name, onDevice: false, rows: 2);
        steps.Extend(0, Sequence(0, 5), past: 0);

        Assert.Throws<ArgumentOutOfRangeException>(
            () => steps.Verify(new int[AttentionRounds.Count + 1], [AttentionRounds.Count + 1], [5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => steps.Verify([1], [1, 0], [5, 5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => steps.Verify(new int[steps.MostVerified + 1], [1], [5]));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_row_that_was_copied_goes_on_as_the_first(string name, bool onDevice)
    {
        using var engine = Open(name, onDevice, rows: 3);
        engine.Extend(0, Prompt(1), past: 0);
        engine.Copy(0, 2, Prompts[1]);
        engine.Extend(1, Prompt(3), past: 0);

        engine.Decode([9, 5, 9], [Prompts[1], Prompts[3], Prompts[1]]);

        Assert.Equal(0, TensorPrimitives.Distance<float>(engine.Logits(0), engine.Logits(2)));
        Assert.NotEqual(0, TensorPrimitives.Distance<float>(engine.Logits(0), engine.Logits(1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_an_engine_does_not_hold_is_refused(bool onDevice)
    {
        using var engine = Open(TinyFamilies.All[0].Name, onDevice, rows: 2);

        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Extend(0, new int[Chunk + 1], past: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.ReadFirst(1, [Prompt(0), Prompt(0)], length: 42));
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.ReadFirst(0, [Prompt(1)], length: 39));
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Save(0, first: Length - 4, count: 8));
    }

    private IDecoderEngine Open(string name, bool onDevice, int rows)
    {
        var model = models.Model(name);
        return onDevice
            ? new DeviceSteps(
                model.Session, model.Shape, new DeviceMemory(model.Session, ExecutionProvider.Cpu), captures: false, rows, Length, Chunk)
            : new DecoderSteps(model.Session, model.Shape, rows, Length, Chunk);
    }

    private static void ReadAlone(IDecoderEngine steps, int[] prompt)
    {
        if (prompt.Length > 3)
        {
            steps.Extend(0, prompt.AsSpan(0, 3), past: 0);
            steps.Extend(0, prompt.AsSpan(3), past: 3);
        }
        else
        {
            steps.Extend(0, prompt, past: 0);
        }
    }

    private static int[] Prompt(int i) => Sequence(i, Prompts[i]);

    private static int[] Sequence(int i, int count) =>
        [.. Enumerable.Range(0, count).Select(k => ((k * 67) + 5 + i) % (TinyFamily.Vocabulary - 1))];
}
