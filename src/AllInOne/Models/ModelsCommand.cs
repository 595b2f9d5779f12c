using System.CommandLine;
using Tollgate.Contracts.Money;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;

namespace Tollgate.AllInOne.Models;

/// <summary><c>tollgate models list|import</c>.</summary>
internal static class ModelsCommand
{
    private static readonly Argument<FileInfo> ModelFile =
        new("FILE") { Description = "A .gguf of the Llama family, or an .onnx of sentence embeddings." };
    private static readonly Option<string> Name =
        new("--name") { Description = "Lower case letters, digits, '.', '_' and '-'.", Required = true };
    private static readonly Option<decimal?> PriceIn =
        Numbers.Optional("--price-in", "US dollars per million prompt tokens.", 0m, 1_000_000m);
    private static readonly Option<decimal?> PriceOut =
        Numbers.Optional("--price-out", "US dollars per million output tokens.", 0m, 1_000_000m);
    private static readonly Option<FileInfo?> Tokenizer =
        new("--tokenizer") { Description = "tokenizer.json of an .onnx file. Default: the one beside it." };
    private static readonly Option<string?> Pooling =
        new("--pooling") { Description = "cls or mean, for an .onnx file. Default: what 1_Pooling/config.json beside it says, else mean." };

    private static readonly Option<string?> Completions = MakeCompletions();

    public static Command Create() => new("models", "Models of this installation.")
    {
        new Command("list", "What is installed.").Does(ListAsync),
        new Command("import", "Converts a model, compares it with its source and installs it; a running worker loads it at once.")
        {
            ModelFile, Name, PriceIn, PriceOut, Tokenizer, Pooling, Completions,
        }.Does(ImportAsync),
    };

    private static Option<string?> MakeCompletions()
    {
        var option = new Option<string?>("--completions")
        {
            Description = "How /v1/completions reaches a chat model: 'raw' continues a text, 'chat' answers it. Default: raw, "
                + "unless the model ends at once on plain questions.",
        };
        option.AcceptOnlyFromAmong(ModelCompletions.Raw, ModelCompletions.Chat);
        return option;
    }

    private static async Task<int> ListAsync(ParseResult parsed, DataFolder data, CancellationToken cancellationToken)
    {
        foreach (var model in new ModelStore(data.Folder("models")).List())
        {
            var manifest = model.Manifest;
            await Console.Out.WriteLineAsync(
                $"{manifest.Name,-32} {manifest.Version,-6} {manifest.Task,-12} {manifest.Licence,-14} {manifest.Description}");
        }

        return 0;
    }

    private static async Task<int> ImportAsync(ParseResult parsed, DataFolder data, CancellationToken cancellationToken)
    {
        var name = parsed.GetRequiredValue(Name);
        var price = Price(name, parsed.GetValue(PriceIn), parsed.GetValue(PriceOut));
        data.Prepare();
        try
        {
            using var forOwner = await data.WriteForOwnerAsync("models", cancellationToken);
            var progress = new StageProgress();
            var options = new ModelImportOptions
            {
                TokenizerFile = parsed.GetValue(Tokenizer)?.FullName,
                Pooling = parsed.GetValue(Pooling),
                Completions = parsed.GetValue(Completions),
            };
            var model = await ModelImport.RunAsync(
                parsed.GetRequiredValue(ModelFile).FullName, name, data.Folder("models"), options, progress, cancellationToken);
            await forOwner.GiveAsync(cancellationToken);
            await Console.Out.WriteLineAsync($"{model.Manifest.Name} {model.Manifest.Version} is installed ({model.Manifest.Task}).");
            foreach (var note in model.Manifest.Notes ?? [])
            {
                await Console.Out.WriteLineAsync($"Note: {note}");
            }
        }
        catch (ModelImportException exception)
        {
            throw new OperatorException(exception.Message, exception);
        }

        if (price is null)
        {
            await Console.Out.WriteLineAsync("It has no price yet and cannot be called: import it with --price-in and --price-out.");
            return 0;
        }

        await PendingPrices.AddAsync(data, price, cancellationToken);
        await Console.Out.WriteLineAsync(await PendingPrices.SendAsync(data, cancellationToken)
            ? "Its price is in force."
            : "Its price is set at the next start.");
        return 0;
    }

    private static SetPrice? Price(string name, decimal? input, decimal? output) =>
        input is null && output is null ? null : new SetPrice(name, input ?? 0, output ?? 0, OnlyIfMissing: false);

    private sealed class StageProgress : IProgress<ModelImportProgress>
    {
        private string _stage = "";

        public void Report(ModelImportProgress value)
        {
            if (value.Stage != _stage)
            {
                _stage = value.Stage;
                Console.Error.WriteLine($"  {_stage} …");
            }
        }
    }
}
