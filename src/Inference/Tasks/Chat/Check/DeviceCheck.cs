using System.Numerics.Tensors;
using Microsoft.Extensions.Configuration;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Chat.Check;

/// <summary>
/// The <c>check</c> verb: whether decoders in half precision work on a provider of this machine. It asks for nothing but the program
/// itself; <c>tests/Gpu/check.sh</c> calls it.
/// </summary>
internal sealed class DeviceCheck(CheckedModel model, ExecutionProvider provider, bool isShort, CheckReport report)
{
    /// <summary>Most mean divergence of the next tokens from float32, nats: the bound of an import.</summary>
    private const double MostDivergence = ModelImportOptions.DefaultParityBound;

    /// <summary>From this distance between the two likeliest tokens on, rounding must not exchange them.</summary>
    private const float Decisive = 0.2f;

    /// <summary>Most difference of two logits that were computed from the same keys and values, in runs of other shapes.</summary>
    private const float Near = 0.05f;

    /// <summary>MiB that may stay taken: pools of the driver and of the C library.</summary>
    private const long Slack = 96;

    private const int PromptTokens = 32;
    private static readonly int[] Widths = [1, 8, 32];

    private int Tokens => isShort ? 8 : 48;

    /// <param name="args"><c>--provider cpu|cuda</c> (default cuda), <c>--model FILE</c>, a GGUF (default: a small one with random
    /// weights), <c>--short true</c>.</param>
    /// <returns>0 where everything passes.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var settings = new ConfigurationBuilder().AddCommandLine(args).Build();
        var report = new CheckReport(Console.Out);
        var folder = Directory.CreateTempSubdirectory("tollgate-check-");
        try
        {
            var provider = ProviderProbe.Probe(settings.GetValue("provider", ExecutionProviderChoice.Cuda));
            report.Judge(
                true, "provider", provider.IsCuda ? "cuda: a small decoder runs on it" : $"{provider.Name}: {provider.Reason}");
            var model = CheckedModel.Open(settings["model"], new SessionFactory(provider), folder.FullName);
            await new DeviceCheck(model, provider, settings.GetValue("short", false), report).RunAsync();
        }
        catch (ExecutionProviderException exception)
        {
            report.Judge(false, "provider", $"{exception.Message}");
        }
        catch (Exception exception) when (exception is ModelImportException or OnnxRuntimeException or InvalidOperationException)
        {
            report.Judge(false, "run", $"{exception.Message}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Console.WriteLine(report.Failures == 0 ? "everything passes" : $"{report.Failures} of the checks failed");
        return report.Failures == 0 ? 0 : 1;
    }

    private async Task RunAsync()
    {
        var (ids, expected) = model.Answer(Tokens);
        CheckParity(ids, expected);
        CheckCapture(ids);
        CompareBatchWithSolo();
        CheckRestore();
        MeasureSpeed();
        await CheckMemoryAsync();
    }

    /// <summary>The tokens that float32 chose, given to half precision one by one.</summary>
    private void CheckParity(int[] ids, float[][] expected)
    {
        var found = Follow(ids, captures: provider.IsCuda);
        var (divergence, decisive, wrong, widest) = (0.0, 0, 0, 0f);
        for (var i = 0; i < expected.Length; i++)
        {
            var best = TensorPrimitives.IndexOfMax<float>(expected[i]);
            var isDecisive = Margin(expected[i], best) >= Decisive;
            decisive += isDecisive ? 1 : 0;
            wrong += isDecisive && TensorPrimitives.IndexOfMax<float>(found[i]) != best ? 1 : 0;
            widest = Math.Max(widest, Distance(expected[i], found[i]));
            divergence += Divergence(expected[i], found[i]) / expected.Length;
        }

        report.Judge(
            wrong == 0 && divergence <= MostDivergence, "parity",
            $"of {expected.Length} tokens {decisive} are decisive, {wrong} of them another one than in float32 on the processor; "
            + $"divergence {divergence:0.00000} nats, logits differ by at most {widest:0.000}");
    }

    private void CheckCapture(int[] ids)
    {
        if (!provider.IsCuda)
        {
            report.Skip("graphs", $"only CUDA captures steps");
            return;
        }

        var widest = Follow(ids, captures: true).Zip(Follow(ids, captures: false)).Max(pair => Distance(pair.First, pair.Second));
        report.Judge(widest <= Near, "graphs", $"captured steps differ from plain ones by at most {widest:0.0000}");
    }

    /// <summary>Logits after the prompt and after each further token.</summary>
    private float[][] Follow(int[] ids, bool captures)
    {
        using var opened = model.OpenRows(1, ids.Length + 1, captures);
        var engine = opened.Engine;
        engine.Extend(0, ids.AsSpan(0, model.Prompt.Count), past: 0);
        var logits = new List<float[]> { engine.Logits(0).ToArray() };
        for (var past = model.Prompt.Count; past < ids.Length; past++)
        {
            engine.Decode([ids[past]], [past]);
            logits.Add(engine.Logits(0).ToArray());
        }

        return [.. logits];
    }

    /// <summary>On a GPU an answer may depend on how many rows a step has; how much is told, not judged.</summary>
    private void CompareBatchWithSolo()
    {
        const int Rows = 8;
        using var together = model.OpenRows(Rows, PromptTokens + Rows + 2, captures: provider.IsCuda);
        using var alone = model.OpenRows(1, PromptTokens + Rows + 2, captures: provider.IsCuda);
        int[] pasts = [.. Enumerable.Range(0, Rows).Select(row => PromptTokens - Rows + row)];
        together.Engine.ReadFirst(0, [.. pasts.Select((past, row) => (ReadOnlyMemory<int>)Text(row, past))], PromptTokens);
        together.Engine.Decode([.. pasts], pasts);
        var (equal, widest) = (0, 0f);
        for (var row = 0; row < Rows; row++)
        {
            alone.Engine.Extend(0, Text(row, pasts[row]), past: 0);
            alone.Engine.Decode([pasts[row]], [pasts[row]]);
            var distance = Distance(together.Engine.Logits(row), alone.Engine.Logits(0));
            equal += distance == 0 ? 1 : 0;
            widest = Math.Max(widest, distance);
        }

        report.Judge(
            float.IsFinite(widest), "batch",
            $"{equal} of {Rows} rows have the bits that they have alone; logits differ by at most {widest:0.0000}");
    }

    /// <summary>A prefix that was saved and restored, and a row that was copied, must go on as the row that was read.</summary>
    private void CheckRestore()
    {
        using var opened = model.OpenRows(3, PromptTokens + 2, captures: provider.IsCuda);
        var engine = opened.Engine;
        engine.Extend(0, Text(0, PromptTokens), past: 0);
        using var begin = engine.Save(0, first: 0, count: 16);
        using var rest = engine.Save(0, first: 16, count: PromptTokens - 16);
        engine.Restore(begin, 1, first: 0);
        engine.Restore(rest, 1, first: 16);
        engine.Copy(0, 2, PromptTokens);
        engine.Decode([7, 7, 7], [PromptTokens, PromptTokens, PromptTokens]);
        var (restored, copied) = (
            Distance(engine.Logits(0), engine.Logits(1)), Distance(engine.Logits(0), engine.Logits(2)));
        report.Judge(
            restored <= Near && copied <= Near, "prefix",
            $"restored keys and values give logits that differ by {restored:0.0000}, copied ones {copied:0.0000}");
    }

    private void MeasureSpeed()
    {
        var widths = isShort ? Widths[..2] : Widths;
        using var opened = model.OpenRows(widths[^1], PromptTokens + Tokens + 1, captures: provider.IsCuda);
        foreach (var width in widths)
        {
            Serve(opened.Engine, width, tokens: 2); // The first steps of a width are captured.
            var started = TimeProvider.System.GetTimestamp();
            Serve(opened.Engine, width, Tokens);
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            report.Tell(
                "speed",
                $"{width,3} streams: {width * Tokens / seconds,9:0} tokens/s, {seconds * 1000 / Tokens,8:0.00} ms a step with prompts");
        }
    }

    private async Task CheckMemoryAsync()
    {
        var requests = isShort ? 40 : 200;
        ServeAll(requests: 4); // What a process takes once, such as a context, stays.
        var before = await MemoryInUse.ReadAsync(provider);
        long early, late;
        using (var opened = model.OpenRows(8, PromptTokens + 10, captures: provider.IsCuda))
        {
            ServeMany(opened.Engine, requests / 10);
            early = await MemoryInUse.ReadAsync(provider);
            ServeMany(opened.Engine, requests);
            late = await MemoryInUse.ReadAsync(provider);
        }

        var after = await MemoryInUse.ReadAsync(provider);
        report.Judge(
            late - early <= Slack && after - before <= Slack, "memory",
            $"{before} MiB before loading, {early} after {requests / 10} requests, {late} after {requests} more, {after} unloaded");
    }

    private void ServeAll(int requests)
    {
        using var opened = model.OpenRows(8, PromptTokens + 10, captures: provider.IsCuda);
        ServeMany(opened.Engine, requests);
    }

    private void ServeMany(IDecoderEngine engine, int requests)
    {
        for (var served = 0; served < requests; served += 8)
        {
            Serve(engine, width: 8, tokens: 4);
            engine.Trim(0);
        }
    }

    /// <summary>Reads prompts and generates the likeliest tokens.</summary>
    private void Serve(IDecoderEngine engine, int width, int tokens)
    {
        var (newest, past) = (new int[width], new int[width]);
        for (var row = 0; row < width; row++)
        {
            engine.Extend(row, Text(row, PromptTokens), past: 0);
            (newest[row], past[row]) = (TensorPrimitives.IndexOfMax<float>(engine.Logits(0)), PromptTokens);
        }

        for (var step = 1; step < tokens; step++)
        {
            engine.Decode(newest, past);
            for (var row = 0; row < width; row++)
            {
                newest[row] = TensorPrimitives.IndexOfMax<float>(engine.Logits(row));
                past[row]++;
            }
        }
    }

    private int[] Text(int row, int tokens) => [.. ParityText.Spread(tokens + row, model.Vocabulary).Skip(row)];

    private static float Margin(float[] logits, int best)
    {
        var second = Math.Max(
            TensorPrimitives.Max<float>([float.NegativeInfinity, .. logits.AsSpan(0, best)]),
            TensorPrimitives.Max<float>([float.NegativeInfinity, .. logits.AsSpan(best + 1)]));
        return logits[best] - second;
    }

    /// <summary>The largest difference; not a number where one of them is none.</summary>
    private static float Distance(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        var difference = new float[first.Length];
        TensorPrimitives.Subtract(first, second, difference);
        return MathF.Abs(TensorPrimitives.MaxMagnitude<float>(difference));
    }

    private static double Divergence(float[] expected, float[] found)
    {
        var (first, second) = (new float[expected.Length], new float[found.Length]);
        TensorPrimitives.Subtract(expected, TensorPrimitives.Max<float>(expected), first);
        TensorPrimitives.Subtract(found, TensorPrimitives.Max<float>(found), second);
        TensorPrimitives.SoftMax(first, first);
        TensorPrimitives.SoftMax(second, second);
        var sum = 0.0;
        for (var i = 0; i < first.Length; i++)
        {
            sum += first[i] > 0 ? first[i] * Math.Log(first[i] / second[i]) : 0;
        }

        return sum;
    }
}
