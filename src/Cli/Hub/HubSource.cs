using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;

namespace Tollgate.Cli.Hub;

/// <summary>A model that is fetched from Hugging Face before it is imported. Disposal gives its folder back.</summary>
/// <param name="Folder">Where its files lie; removed by <see cref="Remove"/>.</param>
/// <param name="Path">What is imported: the folder, or a GGUF file in it.</param>
/// <param name="Licence">As the model's page states it; null where it states none.</param>
internal sealed record HubSource(DownloadFolder Folder, string Path, string? Licence) : IDisposable
{
    private const string DefaultAddress = "https://huggingface.co/";

    /// <summary>Shows what is fetched and under which licence, fetches and checks it.</summary>
    /// <param name="settings"><c>Hub:Address</c> and <c>Hub:Token</c>.</param>
    /// <param name="modelsFolder">The folder of models, so that a download and its import share a disk.</param>
    /// <param name="file">A GGUF file that the operator names; null for none.</param>
    /// <exception cref="OperatorException">The name, a setting or the model's files are not right, the hub cannot be reached, or another
    /// process fetches or imports the same files.</exception>
    public static async Task<HubSource> FetchAsync(
        string source, string? file, IConfiguration settings, string modelsFolder, TextWriter report, CancellationToken cancellationToken)
    {
        var name = HubName.Parse(source);
        var (folder, listing, files) = await FetchAsync(
            name, listing => [.. HubChoice.Choose(listing, name, file).Select(one => one.ToRemote())], settings, modelsFolder, report,
            cancellationToken);
        var gguf = file ?? files.FirstOrDefault(one => !files.Any(other => other.Name == "config.json"))?.Name;
        return new HubSource(folder, gguf is null ? folder.Path : System.IO.Path.Combine(folder.Path, gguf), listing.Licence);
    }

    /// <summary>The same for files that the caller chooses from what the hub lists.</summary>
    /// <returns>Where they lie, for the caller to dispose, what the hub listed, and the files.</returns>
    /// <exception cref="OperatorException">As above.</exception>
    public static async Task<(DownloadFolder Folder, HubListing Listing, IReadOnlyList<RemoteFile> Files)> FetchAsync(
        HubName name, Func<HubListing, IReadOnlyList<RemoteFile>> choose, IConfiguration settings, string modelsFolder, TextWriter report,
        CancellationToken cancellationToken)
    {
        var address = ReadAddress(settings["Hub:Address"]);
        using var client = new HubClient(address, settings["Hub:Token"] is { Length: > 0 } token ? token : null);
        try
        {
            var listing = await client.ListAsync(name, cancellationToken);
            var files = choose(listing);
            await report.WriteLineAsync(
                $"{name} at {listing.Commit}: licence {listing.Licence ?? "not stated"}, {files.Count} files, "
                + $"{Download.Size(files.Sum(one => one.Bytes))} from {address.Host}.");
            var folder = DownloadFolder.Take(modelsFolder, $"{name.Owner}--{name.Model}--{listing.Commit}");
            try
            {
                var download = new Download(
                    (file, offset, stop) => client.OpenAsync(name, listing.Commit, file, offset, stop), TimeProvider.System, report);
                await download.FetchAsync(files, folder.Path, more: 0, cancellationToken);
                return (folder, listing, files);
            }
            catch
            {
                folder.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (Download.Fails(exception, cancellationToken))
        {
            throw new OperatorException($"{name} cannot be fetched from {address.Host}: {exception.Message}", exception);
        }
    }

    /// <inheritdoc cref="DownloadFolder.Remove"/>
    public void Remove() => Folder.Remove();

    public void Dispose() => Folder.Dispose();

    private static Uri ReadAddress(string? setting) =>
        Uri.TryCreate(string.IsNullOrEmpty(setting) ? DefaultAddress : setting.TrimEnd('/') + "/", UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            ? address : throw new OperatorException($"TOLLGATE__Hub__Address is '{setting}', which is not an http or https URL.");
}
