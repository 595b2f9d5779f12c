using System.CommandLine;
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
    private static readonly Argument<FileInfo> ModelFile =
        new("FILE") { Description = "A .gguf of the Llama family, or an .onnx of sentence embeddings." };
    private static readonly Option<string> Name =
        new("--name") { Description = "Lower case letters, digits, '.', '_' and '-'.", Required = true };
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
            ModelFile, Name, Tokenizer, Pooling, Completions,
        }.WithAmounts().Does(ImportAsync),
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

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        foreach (var model in new ModelStore(target.FindModelsFolder()).List())
        {
            var manifest = model.Manifest;
            await Console.Out.WriteLineAsync(
                $"{manifest.Name,-32} {manifest.Version,-6} {manifest.Task,-12} {manifest.Licence,-14} {manifest.Description}");
        }

        return 0;
    }

    private static async Task<int> ImportAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var name = parsed.GetRequiredValue(Name);
        var price = FindPrice(parsed, name);
        InstalledModel model;
        try
        {
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
            Completions = parsed.GetValue(Completions),
        };
        return ModelImport.RunAsync(
            parsed.GetRequiredValue(ModelFile).FullName, name, folder, options, new StageProgress(), cancellationToken);
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

        var extension = parsed.GetRequiredValue(ModelFile).Extension;
        var price = PriceOptions.Read(parsed, name);
        if (extension.Equals(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            PriceOptions.Require((price with { Task = ModelTask.Chat.Name }).FindFaults());
        }

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
