using System.Globalization;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Cli.Prices;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Cli.Models;

/// <summary>What an import from a path and one from the catalogue share: whose files they are, what is printed, and the price.</summary>
internal static class ModelInstallation
{
    /// <summary>Imports into the folder of models, gives the files to the user that serves, and prints what was installed.</summary>
    /// <param name="import">Imports into the folder that it is given.</param>
    /// <exception cref="ModelImportException">As <paramref name="import"/> throws it.</exception>
    public static async Task<InstalledModel> RunAsync(
        Target target, Func<string, Task<InstalledModel>> import, CancellationToken cancellationToken)
    {
        var model = target.Data is { } data
            ? await RunForOwnerAsync(data, import, cancellationToken) : await import(target.FindModelsFolder());
        await Console.Out.WriteLineAsync($"{model.Manifest.Name} {model.Manifest.Version} is installed ({model.Manifest.Task}).");
        if (model.Manifest is { Parity: { } parity, Precision: { } precision })
        {
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"""
                Held as {precision}. Against its source over {parity.Tokens} tokens: {parity.Agreed} likeliest tokens agree, divergence
                {parity.Divergence:0.#####} nats, perplexity {parity.Perplexity:0.##} (source {parity.SourcePerplexity:0.##}).
                """));
        }

        foreach (var note in model.Manifest.Notes ?? [])
        {
            await Console.Out.WriteLineAsync($"Note: {note}");
        }

        return model;
    }

    /// <summary>Sets the price of a model that was imported, or prints which price it needs.</summary>
    /// <param name="price">Null for none.</param>
    /// <exception cref="OperatorException">The price does not fit the task, or the cluster does not take it.</exception>
    public static async Task SetPriceAsync(Target target, InstalledModel model, SetPrice? price, CancellationToken cancellationToken)
    {
        if (price is null)
        {
            await Console.Out.WriteLineAsync(await HasPriceAsync(target, model.Manifest.Name, cancellationToken) switch
            {
                true => "Its price stays as it is.",
                false => "It has no price yet and cannot be called. Its price needs " + Needed(model.Manifest.Task) + ".",
                null => "Without a price it cannot be called. A price needs " + Needed(model.Manifest.Task)
                    + $"; those that are set: {target.Hint("prices list")}",
            });
            return;
        }

        price = price with { Task = model.Manifest.Task };
        PriceOptions.Require(price.FindFaults());
        await Console.Out.WriteLineAsync(
            await SendPriceAsync(target, price, cancellationToken) ? "Its price is in force." : "Its price is set at the next start.");
    }

    /// <summary>Whether a model has a price, or one that waits for the next start; null where nothing that runs can be asked.</summary>
    private static async Task<bool?> HasPriceAsync(Target target, string model, CancellationToken cancellationToken)
    {
        if (target.Data is { } data && PendingPrices.Has(data, model))
        {
            return true;
        }

        try
        {
            using var client = target.Connect();
            var snapshot = await client.GetAsync("billing", PriceOrder.Path, ContractsJson.Default.PriceSnapshot, cancellationToken);
            return snapshot.Prices.Any(price => price.Model == model && price.OrganizationId is null);
        }
        catch (OperatorException)
        {
            return null;
        }
    }

    private static async Task<InstalledModel> RunForOwnerAsync(
        DataFolder data, Func<string, Task<InstalledModel>> import, CancellationToken cancellationToken)
    {
        data.Prepare();
        using var forOwner = await data.WriteForOwnerAsync("models", cancellationToken);
        var model = await import(data.Folder("models"));
        await forOwner.GiveAsync(cancellationToken);
        return model;
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

    /// <summary>Names the options that a price of a task needs.</summary>
    private static string Needed(string task)
    {
        var uses = ModelTask.Find(task)?.Uses ?? UnitSet.Input | UnitSet.Output;
        return string.Join(
            " and ", PriceMember.All.Where(member => member.Missing is not null && (member.Set & uses) != UnitSet.None)
                .Select(PriceOptions.NameOf));
    }

    public sealed class StageProgress : IProgress<ModelImportProgress>
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
