using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Hub;

/// <summary>A model that is fetched from Hugging Face before it is imported.</summary>
/// <param name="Folder">Where its files lie; removed by <see cref="Remove"/>.</param>
/// <param name="Path">What is imported: the folder, or a GGUF file in it.</param>
/// <param name="Licence">As the model's page states it; null where it states none.</param>
internal sealed record HubSource(string Folder, string Path, string? Licence)
{
    private const string DefaultAddress = "https://huggingface.co/";

    /// <summary>Folder for downloads among the models; its name is that of no model.</summary>
    private const string DownloadsFolder = ".hub";

    /// <summary>Shows what is fetched and under which licence, fetches and checks it.</summary>
    /// <param name="settings"><c>Hub:Address</c> and <c>Hub:Token</c>.</param>
    /// <param name="modelsFolder">The folder of models, so that a download and its import share a disk.</param>
    /// <param name="file">A GGUF file that the operator names; null for none.</param>
    /// <exception cref="OperatorException">The name, a setting or the model's files are not right, or the hub cannot be
    /// reached.</exception>
    public static async Task<HubSource> FetchAsync(
        string source, string? file, IConfiguration settings, string modelsFolder, TextWriter report, CancellationToken cancellationToken)
    {
        var name = HubName.Parse(source);
        var address = ReadAddress(settings["Hub:Address"]);
        using var client = new HubClient(address, settings["Hub:Token"] is { Length: > 0 } token ? token : null);
        try
        {
            var listing = await client.ListAsync(name, cancellationToken);
            var files = HubChoice.Choose(listing, name, file);
            await report.WriteLineAsync(
                $"{name} at {listing.Commit}: licence {listing.Licence ?? "not stated"}, {files.Count} files, "
                + $"{HubDownload.Size(files.Sum(one => one.Bytes))} from {address.Host}.");
            var folder = System.IO.Path.Combine(modelsFolder, DownloadsFolder, $"{name.Owner}--{name.Model}--{listing.Commit}");
            await new HubDownload(client, TimeProvider.System, report).FetchAsync(name, listing.Commit, files, folder, cancellationToken);
            var gguf = file ?? files.FirstOrDefault(one => !files.Any(other => other.Name == "config.json"))?.Name;
            return new HubSource(folder, gguf is null ? folder : System.IO.Path.Combine(folder, gguf), listing.Licence);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new OperatorException($"{name} cannot be fetched from {address.Host}: {exception.Message}", exception);
        }
    }

    /// <summary>Removes the fetched files: the import has its own.</summary>
    public void Remove() => Directory.Delete(Folder, recursive: true);

    private static Uri ReadAddress(string? setting) =>
        Uri.TryCreate(string.IsNullOrEmpty(setting) ? DefaultAddress : setting.TrimEnd('/') + "/", UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            ? address : throw new OperatorException($"TOLLGATE__Hub__Address is '{setting}', which is not an http or https URL.");
}
