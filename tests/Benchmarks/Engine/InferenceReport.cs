using System.Globalization;
using System.Text;
using Tollgate.Benchmarks.Comparison;
using Tollgate.Benchmarks.Machine;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;

namespace Tollgate.Benchmarks.Engine;

/// <summary>A ratio that is wanted.</summary>
internal sealed record Goal(string What, double Measured, double Wanted, bool AtLeast)
{
    public bool IsMet => AtLeast ? Measured >= Wanted : Measured <= Wanted;
}

/// <summary>What all rounds gave.</summary>
/// <param name="Shares">Of embeddings, one a round; empty where they were left out.</param>
internal sealed record InferenceReport(
    MachineFacts Machine, InferencePlan Plan, IReadOnlyList<SetupFigures> Setups, IReadOnlyList<EmbeddingShare> Shares)
{
    private const double OfBare = 0.95;
    private const double EightBitsGain = 2.3;
    private const double PrefixShare = 0.1;
    private const double Stalls = 2;

    /// <summary>Longest that reading a prompt may hold up running answers, milliseconds: the worker's default.</summary>
    public double StallTargetMs { get; } = new GenerationOptions().StallTarget.TotalMilliseconds;

    public IReadOnlyList<Goal> Goals => [.. Setups.SelectMany(GoalsOf), .. Plan.Threads.SelectMany(GainsOf)];

    public bool Holds => Goals.All(goal => goal.IsMet) && Setups.All(setup => setup.Prefixes.All(times => times.IsSame));

    public string Write()
    {
        var text = new StringBuilder();
        text.AppendLine(Machine.ToString()).Append(Text($"{Path.GetFileName(Plan.Model)}, prompts of {Cell.PromptTokens} tokens, "))
            .AppendLine(Text($"{Plan.Rounds} rounds; median (smallest–largest)"));
        foreach (var setup in Setups)
        {
            WriteSetup(text, setup);
        }

        WriteShares(text);
        var goals = new TextTable("goal", "measured", "wanted", "");
        foreach (var goal in Goals)
        {
            goals.Add(
                goal.What, Text($"{goal.Measured:0.00}"), Text($"{(goal.AtLeast ? "≥" : "≤")} {goal.Wanted}"),
                goal.IsMet ? "pass" : "fail");
        }

        goals.WriteTo(text, "Goals");
        return text.ToString();
    }

    private void WriteSetup(StringBuilder text, SetupFigures setup)
    {
        string[] targets = [.. setup.Speeds.Keys.Order(StringComparer.Ordinal)];
        var name = Text($"{setup.Precision}, {setup.Threads} {(setup.Threads == 1 ? "thread" : "threads")}");
        var speeds = new TextTable(["streams × tokens", .. targets, "engine ÷ bare", "worker ÷ bare", "engine ÷ llama.cpp"]);
        var costs = new TextTable(["streams × tokens", .. targets, "engine ÷ bare", "worker ÷ bare", "engine ÷ llama.cpp"]);
        foreach (var cell in Plan.Cells)
        {
            speeds.Add(Row(cell, speed => speed.PerSecond, "0"));
            costs.Add(Row(cell, speed => speed.ProcessorPerThousand, "0.00"));
        }

        speeds.WriteTo(text, $"{name}: tokens a second");
        costs.WriteTo(text, $"{name}: seconds of CPU for 1,000 tokens");
        text.AppendLine().AppendLine(Text(
            $"  one stream, decode alone: engine {new Spread(setup.SoloSteps(Targets.Engine)).Write("0.0")} tokens a second"));
        foreach (var (target, memory) in setup.Memory)
        {
            text.AppendLine(Text(
                $"  memory of {target} above its {Mb(memory.Empty)} MB without a model: {Mb(memory.Resident - memory.Empty)} MB"));
        }

        if (setup.LlamaAgrees is { } agrees)
        {
            text.AppendLine(Text($"  llama.cpp gives {agrees:0%} of the engine's tokens"));
        }

        WriteMixed(text, setup, name);
        text.Append(Text($"  a prompt that begins like another: {new Spread(setup.PrefixRatios).Write("0.000")} of the CPU of others, "))
            .AppendLine(setup.Prefixes.All(times => times.IsSame) ? "with the same answer bit for bit" : "with ANOTHER answer");

        object[] Row(Cell cell, Func<Speed, double> figure, string format) =>
        [
            cell, .. targets.Select(target => new Spread(setup.Of(target, cell).Select(figure)).Write(format)),
            Ratios(setup, Targets.Engine, Targets.Bare, cell, figure).Write("0.00"),
            Ratios(setup, Targets.Worker, Targets.Bare, cell, figure).Write("0.00"),
            Ratios(setup, Targets.Engine, Targets.Llama, cell, figure).Write("0.00"),
        ];
    }

    private void WriteMixed(StringBuilder text, SetupFigures setup, string name)
    {
        var table = new TextTable(
            "", "short prompts", "first token p50", "p99", "p99 ÷ target", "gap p50", "p99", "p99 ÷ target", "read s");
        foreach (var (target, rounds) in setup.Mixed)
        {
            var (firsts, gaps) = (Firsts(rounds), Gaps(rounds));
            table.Add(
                target, rounds.Sum(times => times.FirstMs.Count), Text($"{firsts.Median:0} ms"), Text($"{firsts.At(0.99):0} ms"),
                Text($"{firsts.At(0.99) / StallTargetMs:0.00}"), Text($"{gaps.Median:0} ms"), Text($"{gaps.At(0.99):0} ms"),
                Text($"{gaps.At(0.99) / StallTargetMs:0.00}"), new Spread(rounds.Select(times => times.Seconds)).Write("0.0"));
        }

        table.WriteTo(text, Text(
            $"{name}: {Plan.Mixed.Long} prompts of {Plan.Mixed.LongTokens} tokens are read beside {Plan.Mixed.Running} streams; ")
            + Text($"target {StallTargetMs:0} ms"));
        text.AppendLine();
    }

    private void WriteShares(StringBuilder text)
    {
        if (Shares.Count == 0)
        {
            return;
        }

        var table = new TextTable("", "alone", "beside the other", "share kept");
        table.Add(
            "texts to vectors a second", Write(share => share.RowsAlone), Write(share => share.RowsBeside),
            Write(share => share.RowsBeside / share.RowsAlone, "0.00"));
        table.Add(
            "tokens of 8 streams a second", Write(share => share.TokensAlone), Write(share => share.TokensBeside),
            Write(share => share.TokensBeside / share.TokensAlone, "0.00"));
        table.WriteTo(text, Text($"Embeddings beside the decoder in {Setups[0].Precision}, {Plan.Threads[^1]} threads"));

        string Write(Func<EmbeddingShare, double> figure, string format = "0") => new Spread(Shares.Select(figure)).Write(format);
    }

    private IEnumerable<Goal> GoalsOf(SetupFigures setup)
    {
        var name = Text($"{setup.Precision}, {setup.Threads} thr.: ");
        foreach (var cell in Plan.Cells)
        {
            var ratio = Ratios(setup, Targets.Engine, Targets.Bare, cell, speed => speed.PerSecond).Median;
            yield return new Goal($"{name}{cell} engine ÷ bare loop", ratio, OfBare, AtLeast: true);
        }

        var mixed = setup.Mixed[Targets.Engine];
        yield return new Goal($"{name}first token p99 ÷ stall target", Firsts(mixed).At(0.99) / StallTargetMs, Stalls, AtLeast: false);
        yield return new Goal($"{name}gap p99 ÷ stall target", Gaps(mixed).At(0.99) / StallTargetMs, Stalls, AtLeast: false);
        yield return new Goal($"{name}CPU of a known beginning", new Spread(setup.PrefixRatios).Median, PrefixShare, AtLeast: false);
    }

    private IEnumerable<Goal> GainsOf(int threads)
    {
        var whole = Setups.FirstOrDefault(setup => setup.Threads == threads && setup.Precision == ModelPrecisions.Float32);
        var eight = Setups.FirstOrDefault(setup => setup.Threads == threads && setup.Precision == ModelPrecisions.Int8);
        if (whole is not null && eight is not null)
        {
            var gains = eight.SoloSteps(Targets.Engine).Zip(whole.SoloSteps(Targets.Engine), (fast, slow) => fast / slow);
            yield return new Goal(Text($"{threads} thr.: one stream, int8 ÷ f32"), new Spread(gains).Median, EightBitsGain, AtLeast: true);
        }
    }

    private static Spread Firsts(IEnumerable<MixedTimes> rounds) => new(rounds.SelectMany(times => times.FirstMs));

    private static Spread Gaps(IEnumerable<MixedTimes> rounds) => new(rounds.SelectMany(times => times.GapMs));

    /// <summary>Round for round.</summary>
    private static Spread Ratios(SetupFigures setup, string one, string other, Cell cell, Func<Speed, double> figure) =>
        new(setup.Of(one, cell).Zip(setup.Of(other, cell), (first, second) => figure(first) / figure(second)));

    private static string Mb(long bytes) => (bytes / 1e6).ToString("0", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
