using System.Formats.Tar;
using System.Security.Cryptography;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Learning;

namespace Tollgate.Inference.Deployments;

/// <summary>Fetches the tar of a deployed model from Learning and unpacks it as a closed world: known files, no folders, no
/// links.</summary>
internal sealed class DeployedModelFile(IHttpClientFactory clients)
{
    /// <summary>Name of Learning in <c>service-calls</c> and <c>Services:</c>.</summary>
    public const string Client = "learning";

    private const string TarName = "model.tar";
    private const int BufferBytes = 128 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What the importer reads of a classifier, and the trainer's report.</summary>
    private static readonly string[] Files = ["model.onnx", "config.json", "tokenizer.json", "training.json"];

    /// <summary>Fetches and unpacks.</summary>
    /// <param name="folder">An empty folder; receives the tar and the folder that is returned.</param>
    /// <returns>The folder with the model's files alone.</returns>
    /// <exception cref="InvalidDataException">It is not the tar that was announced, or holds something else than a model.</exception>
    /// <exception cref="HttpRequestException">Learning is away, or lacks it.</exception>
    public async Task<string> FetchAsync(DeployedModel model, string folder, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var tar = Path.Combine(folder, TarName);
        await DownloadAsync(model, tar, limit.Token);
        var files = Directory.CreateDirectory(Path.Combine(folder, "files")).FullName;
        await UnpackAsync(tar, files, limit.Token);
        return files;
    }

    private async Task DownloadAsync(DeployedModel model, string path, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        using var response = await client.GetAsync(
            TrainedModels.ModelFileOf(model.Name), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var source = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        for (int read; (read = await source.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (target.Length + read > model.Bytes)
            {
                throw new InvalidDataException($"The file is longer than the {model.Bytes} bytes that Learning announced.");
            }

            hash.AppendData(buffer, 0, read);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        if (!Convert.ToHexStringLower(hash.GetHashAndReset()).Equals(model.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException("The file is not the one that Learning announced: its SHA-256 differs.");
        }
    }

    /// <summary>The files of a tar are no longer than the tar, so that its length bounds what is written.</summary>
    private static async Task UnpackAsync(string tar, string folder, CancellationToken cancellationToken)
    {
        await using var source = new FileStream(tar, FileMode.Open, FileAccess.Read, FileShare.Read);
        await using var reader = new TarReader(source);
        while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
            if (entry.EntryType == TarEntryType.Directory && name.TrimEnd('/') is "" or ".")
            {
                continue;
            }

            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !Files.Contains(name))
            {
                throw new InvalidDataException($"The tar holds something else than the files of a model: {string.Join(", ", Files)}.");
            }

            await using var target = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None);
            if (entry.DataStream is { } data)
            {
                await data.CopyToAsync(target, cancellationToken);
            }
        }
    }
}
