using System.CommandLine;
using Tollgate.Benchmarks.Encoders;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench encoders</c>.</summary>
internal static class EncodersCommand
{
    private static readonly Option<FileInfo> Model =
        new("--model") { Description = "An .onnx of sentence embeddings with its tokenizer.json beside it.", Required = true };
    private static readonly Option<int> Rows = new("--rows") { Description = "Texts (300).", DefaultValueFactory = _ => 300 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Decides lengths (1).", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        var command = new Command("encoders", "Rows of mixed lengths: the engine, batches in the order of arrival, a bare loop.")
        {
            Model, Rows, Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var lines = await EncoderBench.RunAsync(
            parsed.GetRequiredValue(Model).FullName, Math.Clamp(parsed.GetValue(Rows), 64, 100_000), parsed.GetValue(Seed),
            cancellationToken);
        await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, lines));
        return 0;
    }
}
