using System.CommandLine;
using Tollgate.Cli.Catalogue;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;
using Tollgate.Cli.Prices;
using Tollgate.Contracts.Money;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Cli.Models;

/// <summary><c>tollgate models catalogue</c> and <c>tollgate models install</c>.</summary>
internal static class InstallCommand
{
    private static readonly Argument<string> Id =
        new("ID") { Description = "The model's id in the catalogue: ./tollgate models catalogue lists them." };
    private static readonly Option<string?> Name =
        new("--name") { Description = "Another name than the id: lower case letters, digits, '.', '_' and '-'." };
    private static readonly Option<bool> Yes =
        new("--yes") { Description = "Accepts the licence, which is shown, without a question." };

    public static Command CreateList() =>
        new Command("catalogue", "Models that install fetches by a short name, with licence and size.").Does(ListAsync);

    public static Command Create() => new Command(
        "install", "Fetches a model of the catalogue from its registry and imports it, at suggested prices unless others are given.")
    {
        Id, Name, Yes,
    }.WithServing().WithAmounts().Does(InstallAsync);

    private static async Task<int> ListAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var catalogue = ModelCatalogue.Load(PlatformSettings.Read([]));
        await Console.Out.WriteLineAsync($"{"ID",-28} {"TASK",-16} {"LICENCE",-12} {"SIZE",9}  {"SOURCE",-44} TITLE");
        foreach (var model in catalogue.Models)
        {
            await Console.Out.WriteLineAsync(
                $"{model.Id,-28} {model.Task,-16} {model.Licence,-12} {Download.Size(model.DownloadBytes),9}  {ShortSource(model),-44}"
                + $" {model.Title}");
        }

        return 0;
    }

    private static async Task<int> InstallAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var settings = PlatformSettings.Read([]);
        var entry = ModelCatalogue.Load(settings).Find(parsed.GetRequiredValue(Id));
        var name = parsed.GetValue(Name) ?? entry.Id;
        var options = OptionsOf(entry, ServingOptions.Read(parsed));
        var source = new InstallSource(
            settings, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Console.Error);
        InstalledModel model;
        SetPrice? price;
        try
        {
            ModelName.Check(name);
            price = FindPrice(parsed, entry, name);
            await ShowAsync(entry, source.HostOf(entry), price);
            await new LicenceQuestion(Console.IsInputRedirected ? null : Console.In, Console.Error)
                .AskAsync(entry, parsed.GetValue(Yes), cancellationToken);
            model = await ModelInstallation.RunAsync(
                target, folder => ImportAsync(entry, source, name, folder, options, cancellationToken), cancellationToken);
        }
        catch (ModelImportException exception)
        {
            throw new OperatorException(exception.Message, exception);
        }

        await ModelInstallation.SetPriceAsync(target, model, price, cancellationToken);
        return 0;
    }

    private static async Task<InstalledModel> ImportAsync(
        InstallableModel entry, InstallSource source, string name, string folder, ModelImportOptions options,
        CancellationToken cancellationToken)
    {
        var (download, files) = await source.FetchAsync(entry, folder, cancellationToken);
        using var claim = download;
        var model = await ModelImport.RunAsync(
            entry.Import?.File is { } file ? Path.Combine(files, file) : files, name, folder, options,
            new ModelInstallation.StageProgress(), cancellationToken);
        download.Remove();
        return model;
    }

    /// <summary>What the entry states of the model, and how the operator wants it served.</summary>
    private static ModelImportOptions OptionsOf(InstallableModel entry, ModelImportOptions serving) => serving with
    {
        Licence = entry.Licence,
        Description = entry.Title,
        Task = entry.Import?.Task,
        Pooling = entry.Import?.Pooling,
        QueryPrefix = entry.Import?.QueryPrefix,
        DocumentPrefix = entry.Import?.DocumentPrefix,
        MostElements = entry.Import?.MostElements,
    };

    /// <summary>The price of the options; without any, the suggested one.</summary>
    /// <exception cref="OperatorException">A required price is missing.</exception>
    private static SetPrice? FindPrice(ParseResult parsed, InstallableModel entry, string name)
    {
        if (PriceOptions.Amounts.All(option => parsed.GetValue(option) is null))
        {
            return entry.ToOrder(name) is { } suggested
                ? suggested with { BatchFactor = PriceOptions.Read(parsed, name).BatchFactor } : null;
        }

        var price = PriceOptions.Read(parsed, name) with { Task = entry.Task };
        PriceOptions.Require(price.FindFaults());
        return price;
    }

    /// <summary>Shows what will be fetched, under which licence and at which price.</summary>
    private static Task ShowAsync(InstallableModel entry, string host, SetPrice? price)
    {
        var amounts = PriceMember.All.Where(member => price is not null && member.Of(price) is not null)
            .Select(member => FormattableString.Invariant(
                $"{member.Label} ${member.Of(price!):0.############} per {member.Quote}"));
        return Console.Error.WriteLineAsync($"""
            {entry.Id}: {entry.Title}
              task     {entry.Task}
              licence  {entry.Licence}, {entry.LicenceUrl}
              source   {entry.Source} from {host}
              size     {Download.Size(entry.DownloadBytes)}
              price    {(price is null ? "none" : string.Join(", ", amounts))}
            """);
    }

    /// <summary>The source with a commit cut short.</summary>
    private static string ShortSource(InstallableModel model)
    {
        var at = model.Source.LastIndexOf('@');
        return model.Source.Length > at + 40 ? model.Source[..(at + 9)] : model.Source;
    }
}
