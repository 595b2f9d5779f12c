using System.CommandLine;
using Tollgate.Benchmarks.Grammars;
using Tollgate.Benchmarks.Machine;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench grammars</c>.</summary>
internal static class GrammarsCommand
{
    private static readonly Option<FileInfo> Model =
        new("--model") { Description = "A .gguf whose vocabulary is used.", Required = true };
    private static readonly Option<int> Answers =
        new("--answers") { Description = "Answers of each grammar (100).", DefaultValueFactory = _ => 100 };
    private static readonly Option<int> Tokens =
        new("--tokens") { Description = "Most tokens of an answer (300).", DefaultValueFactory = _ => 300 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Decides the tokens (1).", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        var command = new Command("grammars", "Time that holding an answer to a grammar adds to a token, on the loop's thread and in all.")
        {
            Model, Answers, Tokens, Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"{MachineFacts.Read(TimeProvider.System)}");
        var bench = new GrammarBench(
            parsed.GetRequiredValue(Model).FullName, Math.Clamp(parsed.GetValue(Answers), 4, 100_000),
            Math.Clamp(parsed.GetValue(Tokens), 1, 100_000), parsed.GetValue(Seed));
        await Console.Out.WriteLineAsync(bench.Vocabulary);
        foreach (var name in GrammarBench.Names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Console.Out.WriteLineAsync(bench.Run(name));
        }

        return 0;
    }
}
