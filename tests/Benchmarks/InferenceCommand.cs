using System.CommandLine;
using Tollgate.Benchmarks.Engine;
using Tollgate.Inference.Models;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench inference</c>.</summary>
internal static class InferenceCommand
{
    private static readonly Option<FileInfo> Model =
        new Option<FileInfo>("--model") { Description = "A GGUF file of a decoder.", Required = true }.AcceptExistingOnly();

    private static readonly Option<FileSystemInfo> Encoder = new Option<FileSystemInfo>("--encoder")
    {
        Description = "An embedding model, as models import takes it, to measure beside the decoder.",
    }.AcceptExistingOnly();

    private static readonly Option<string[]> Precision = new Option<string[]>("--precision")
    {
        Description = "f32, int8, or both (default).",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [ModelPrecisions.Float32, ModelPrecisions.Int8],
    }.AcceptOnlyFromAmong(ModelPrecisions.Float32, ModelPrecisions.Int8);

    private static readonly Option<int[]> Threads = new("--threads")
    {
        Description = "Processors and threads of each target (1, then all).",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [.. new[] { 1, Environment.ProcessorCount }.Distinct()],
    };

    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds (3).", DefaultValueFactory = _ => 3 };
    private static readonly Option<int> Seed =
        new("--seed") { Description = "Decides order and prompts (1).", DefaultValueFactory = _ => 1 };

    private static readonly Option<bool> Quick = new("--quick") { Description = "One short round: a look, not a claim." };
    private static readonly Option<bool> Check = new("--check") { Description = "Ends with 1 where a goal is missed." };

    public static Command Create()
    {
        var command = new Command(
            "inference", "Decoders: the engine and the worker, a bare loop on the same graph, llama.cpp on the same file.")
        {
            Model, Encoder, Precision, Threads, Rounds, Seed, Quick, Check,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var isQuick = parsed.GetValue(Quick);
            var plan = new InferencePlan(
                parsed.GetRequiredValue(Model).FullName, parsed.GetValue(Encoder)?.FullName,
                [.. parsed.GetRequiredValue(Precision).Distinct()],
                [.. parsed.GetRequiredValue(Threads).Select(threads => Math.Clamp(threads, 1, Environment.ProcessorCount)).Distinct()],
                isQuick ? 1 : Math.Clamp(parsed.GetValue(Rounds), 1, 100), parsed.GetValue(Seed), isQuick);
            var report = await InferenceBench.RunAsync(plan, cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("inference", report.Machine.At, report)}");
            return parsed.GetValue(Check) && !report.Holds ? 1 : 0;
        });
        return command;
    }
}
