using System.CommandLine;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Hub;
using Tollgate.Cli.Prices;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Cli.Models;

/// <summary><c>tollgate models list|import|catalogue|install</c>, beside <see cref="VersionVerbs"/>.</summary>
internal static class ModelsCommand
{
    private static readonly Argument<string> Source =
        new("PATH")
        {
            Description = "A .gguf of a decoder (any part of one in several), an .onnx of sentence embeddings beside its tokenizer.json, "
                + "any other .onnx for calls with tensors, or the folder of another model as it is published: a decoder in safetensors or "
                + "as Optimum or onnxruntime-genai exported it, a classifier of texts or of pictures, a cross-encoder, Whisper, Stable "
                + "Diffusion, PaddleOCR. Or hf:OWNER/MODEL[@REVISION], a decoder that is fetched from Hugging Face.",
        };
    private static readonly Option<string?> HubFile =
        new("--file") { Description = "The .gguf of an hf: model that has several." };
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
    private static readonly Option<string?> TaskName =
        new("--task") { Description = "The task that takes the source, such as tensors. Default: the first that does." };
    private static readonly Option<long?> MostElements = new("--most-elements")
    {
        Description = "Most elements of all outputs of a model of tensors whose size it does not state. Default: 1,048,576.",
    };

    public static Command Create()
    {
        var models = new Command("models", "Models of this installation.")
        {
            List(), Import(), InstallCommand.CreateList(), InstallCommand.Create(),
        };
        foreach (var verb in VersionVerbs.Create())
        {
            models.Subcommands.Add(verb);
        }

        return models;
    }

    private static Command List() => new Command("list", "What is installed.").Does(ListAsync);

    private static Command Import() =>
        new Command("import", "Converts a model, compares it with its source and installs it; a running worker loads it at once.")
        {
            Source, HubFile, Name, TaskName, MostElements, Tokenizer, Pooling, Dimensions, QueryPrefix, DocumentPrefix,
        }.WithServing().WithAmounts().Does(ImportAsync);

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
            model = await ModelInstallation.RunAsync(
                target, folder => InstallAsync(parsed, folder, name, cancellationToken), cancellationToken);
        }
        catch (ModelImportException exception)
        {
            throw new OperatorException(exception.Message, exception);
        }

        await ModelInstallation.SetPriceAsync(target, model, price, cancellationToken);
        return 0;
    }

    private static async Task<InstalledModel> InstallAsync(
        ParseResult parsed, string folder, string name, CancellationToken cancellationToken)
    {
        var source = parsed.GetRequiredValue(Source);
        var options = ReadOptions(parsed);
        if (!HubName.Is(source))
        {
            return await ModelImport.RunAsync(
                Path.GetFullPath(source), name, folder, options, new ModelInstallation.StageProgress(), cancellationToken);
        }

        using var fetched = await HubSource.FetchAsync(
            source, parsed.GetValue(HubFile), PlatformSettings.Read([]), folder, Console.Error, cancellationToken);
        var model = await ModelImport.RunAsync(
            fetched.Path, name, folder, options with { Licence = fetched.Licence }, new ModelInstallation.StageProgress(),
            cancellationToken);
        fetched.Remove();
        return model;
    }

    private static ModelImportOptions ReadOptions(ParseResult parsed)
    {
        if (parsed.GetValue(MostElements) is < 1 or > TensorSignature.LargestTensor)
        {
            throw new OperatorException($"{MostElements.Name}: 1 to {TensorSignature.LargestTensor}.");
        }

        return ServingOptions.Read(parsed) with
        {
            Task = parsed.GetValue(TaskName),
            MostElements = parsed.GetValue(MostElements),
            TokenizerFile = parsed.GetValue(Tokenizer)?.FullName,
            Pooling = parsed.GetValue(Pooling),
            Dimensions = parsed.GetValue(Dimensions) ?? [],
            QueryPrefix = parsed.GetValue(QueryPrefix),
            DocumentPrefix = parsed.GetValue(DocumentPrefix),
        };
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

        var source = parsed.GetRequiredValue(Source);
        var task = HubName.Is(source) ? ModelTask.Chat.Name : ModelImport.FindTask(Path.GetFullPath(source), ReadOptions(parsed));
        var price = PriceOptions.Read(parsed, name) with { Task = task };
        PriceOptions.Require(price.FindFaults());
        return price;
    }
}
