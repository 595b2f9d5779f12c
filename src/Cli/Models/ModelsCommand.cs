using System.CommandLine;
using System.Globalization;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Cli.Prices;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Cli.Models;

/// <summary><c>tollgate models list|import</c>.</summary>
internal static class ModelsCommand
{
    private static readonly Argument<FileSystemInfo> Source =
        new("PATH")
        {
            Description = "A .gguf of the Llama family, an .onnx of sentence embeddings, or the folder of another model as its exporter "
                + "wrote it: a classifier of texts or of pictures, a cross-encoder, Whisper, Stable Diffusion, PaddleOCR.",
        };
    private static readonly Option<string> Name =
        new("--name") { Description = "Lower case letters, digits, '.', '_' and '-'.", Required = true };
    private static readonly Option<FileInfo?> Tokenizer =
        new("--tokenizer") { Description = "tokenizer.json of an .onnx file. Default: the one beside it." };
    private static readonly Option<string?> Pooling =
        new("--pooling")
        {
            Description = "cls, last or mean, for an .onnx file. Default: that of 1_Pooling/config.json beside it, else mean.",
        };
    private static readonly Option<int[]> Dimensions = new("--dimensions")
    {
        Description = "Smaller widths that an embedding model was trained for (Matryoshka).",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<string?> QueryPrefix =
        new("--query-prefix") { Description = "What an embedding model reads before a query, such as 'query: '." };
    private static readonly Option<string?> DocumentPrefix =
        new("--document-prefix") { Description = "What an embedding model reads before a document, such as 'passage: '." };
    private static readonly Option<int?> Steps =
        new("--steps") { Description = "Steps of a picture whose request names none. Default: 50, for a consistency model 4." };
    private static readonly Option<double?> Guidance =
        new("--guidance") { Description = "Guidance of a picture whose request names none. Default: 7.5, for a consistency model 8.5." };

    private static readonly Option<string?> PromptCheck =
        new("--check-prompts") { Description = "Classifier of texts that checks the prompts of a model that draws." };
    private static readonly Option<string[]> RefusedPrompts = Refused("--refuse-prompt", "a prompt");
    private static readonly Option<string?> PictureCheck =
        new("--check-pictures") { Description = "Classifier of pictures that checks what a model has drawn." };
    private static readonly Option<string[]> RefusedPictures = Refused("--refuse-picture", "a picture");

    private static readonly Option<string?> Completions = MakeCompletions();

    public static Command Create() => new("models", "Models of this installation.")
    {
        new Command("list", "What is installed.").Does(ListAsync),
        new Command("import", "Converts a model, compares it with its source and installs it; a running worker loads it at once.")
        {
            Source, Name, Tokenizer, Pooling, Dimensions, QueryPrefix, DocumentPrefix, Completions, Steps, Guidance, PromptCheck,
            RefusedPrompts, PictureCheck, RefusedPictures,
        }.WithAmounts().Does(ImportAsync),
    };

    private static Option<string[]> Refused(string name, string what) =>
        new(name) { Description = $"LABEL=SCORE: this score of the classifier's label, or a higher one, refuses {what}. May be repeated." };

    /// <summary>Reads a check; null where the options name none.</summary>
    /// <exception cref="OperatorException">A label has no score, or the check no classifier.</exception>
    private static ContentCheck? ReadCheck(ParseResult parsed, Option<string?> model, Option<string[]> refused)
    {
        var labels = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(refused) ?? [])
        {
            var at = text.LastIndexOf('=');
            labels[text[..Math.Max(at, 0)]] = at > 0
                && double.TryParse(text.AsSpan(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var score)
                ? score : throw new OperatorException($"{refused.Name} '{text}' is not LABEL=SCORE.");
        }

        return parsed.GetValue(model) is { } name ? new ContentCheck(name, labels)
            : labels.Count == 0 ? null : throw new OperatorException($"{refused.Name} needs {model.Name}.");
    }

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

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        foreach (var model in new ModelStore(target.FindModelsFolder()).List())
        {
            var manifest = model.Manifest;
            await Console.Out.WriteLineAsync(
                $"{manifest.Name,-32} {manifest.Version,-6} {manifest.Task,-14} {manifest.Licence,-14} {manifest.Description}");
        }

        return 0;
    }

    private static async Task<int> ImportAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var name = parsed.GetRequiredValue(Name);
        SetPrice? price;
        InstalledModel model;
        try
        {
            price = FindPrice(parsed, name);
            model = target.Data is { } data
                ? await InstallForOwnerAsync(parsed, data, name, cancellationToken)
                : await InstallAsync(parsed, target.FindModelsFolder(), name, cancellationToken);
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
            await Console.Out.WriteLineAsync(
                "It has no price yet and cannot be called. Its price needs " + Needed(model.Manifest.Task) + ".");
            return 0;
        }

        price = price with { Task = model.Manifest.Task };
        PriceOptions.Require(price.FindFaults());
        await Console.Out.WriteLineAsync(
            await SendPriceAsync(target, price, cancellationToken) ? "Its price is in force." : "Its price is set at the next start.");
        return 0;
    }

    /// <summary>Imports into the data folder, and gives the files to the user that serves.</summary>
    private static async Task<InstalledModel> InstallForOwnerAsync(
        ParseResult parsed, DataFolder data, string name, CancellationToken cancellationToken)
    {
        data.Prepare();
        using var forOwner = await data.WriteForOwnerAsync("models", cancellationToken);
        var model = await InstallAsync(parsed, data.Folder("models"), name, cancellationToken);
        await forOwner.GiveAsync(cancellationToken);
        return model;
    }

    private static Task<InstalledModel> InstallAsync(ParseResult parsed, string folder, string name, CancellationToken cancellationToken)
    {
        var options = new ModelImportOptions
        {
            TokenizerFile = parsed.GetValue(Tokenizer)?.FullName,
            Pooling = parsed.GetValue(Pooling),
            Dimensions = parsed.GetValue(Dimensions) ?? [],
            QueryPrefix = parsed.GetValue(QueryPrefix),
            DocumentPrefix = parsed.GetValue(DocumentPrefix),
            Completions = parsed.GetValue(Completions),
            Steps = parsed.GetValue(Steps),
            Guidance = parsed.GetValue(Guidance),
            PromptCheck = ReadCheck(parsed, PromptCheck, RefusedPrompts),
            PictureCheck = ReadCheck(parsed, PictureCheck, RefusedPictures),
        };
        return ModelImport.RunAsync(
            parsed.GetRequiredValue(Source).FullName, name, folder, options, new StageProgress(), cancellationToken);
    }

    /// <summary>Sets the price of an import. Returns false when it waits for the next start of the installation on this machine.</summary>
    /// <exception cref="OperatorException">The cluster does not take the price.</exception>
    private static async Task<bool> SendPriceAsync(Target target, SetPrice price, CancellationToken cancellationToken)
    {
        if (target.Data is { } data)
        {
            await PendingPrices.AddAsync(data, price, cancellationToken);
            return await PendingPrices.SendAsync(data, cancellationToken);
        }

        try
        {
            using var client = target.Connect();
            await PriceOrder.SendAsync(client, price, cancellationToken);
            return true;
        }
        catch (OperatorException exception)
        {
            throw new OperatorException(
                $"{exception.Message}{Environment.NewLine}The model has no price. Set one with: {target.Hint($"prices set {price.Model}")}",
                exception);
        }
    }

    /// <summary>
    /// Builds the price from the options; null when they give none. The file's name tells the task of most files, so that a price that
    /// cannot be right is refused before the import.
    /// </summary>
    /// <exception cref="OperatorException">A required price is missing.</exception>
    private static SetPrice? FindPrice(ParseResult parsed, string name)
    {
        if (PriceOptions.Amounts.All(option => parsed.GetValue(option) is null))
        {
            return null;
        }

        var price = PriceOptions.Read(parsed, name) with { Task = ModelImport.FindTask(parsed.GetRequiredValue(Source).FullName) };
        PriceOptions.Require(price.FindFaults());
        return price;
    }

    /// <summary>Names the options that a price of a task needs.</summary>
    private static string Needed(string task)
    {
        var uses = ModelTask.Find(task)?.Uses ?? UnitSet.Input | UnitSet.Output;
        return string.Join(
            " and ", PriceMember.All.Where(member => (member.Set & uses) != UnitSet.None).Select(member => PriceOptions.NameOf(member)));
    }

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
