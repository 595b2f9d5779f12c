using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Snapshots;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Deployments;

/// <summary>Learning as a worker sees it: what is deployed, and the tars.</summary>
internal sealed class LearningStub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SnapshotPublisher<DeploymentSnapshot> _feed = new(ContractsJson.Default.DeploymentSnapshot, TimeProvider.System);
    private readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    private LearningStub(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public static ModelOwner Owner { get; } = new(Guid.NewGuid(), Guid.NewGuid());

    /// <summary>A classifier as trainers leave it, and more files where a test gives them.</summary>
    public static async Task<byte[]> TarAsync(params (string Name, byte[] Bytes)[] more)
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            foreach (var file in (string[])["model.onnx", "config.json", "tokenizer.json"])
            {
                await writer.WriteEntryAsync(Path.Combine(SharedFiles.Repository, "models", "tiny-sentiment", file), file);
            }

            foreach (var (name, bytes) in more)
            {
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
            }
        }

        return tar.ToArray();
    }

    public static async Task<LearningStub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var learning = new LearningStub(builder.Build());
        learning._app.MapSnapshot(DeploymentSnapshot.Path, learning._feed);
        learning._app.MapGet("/internal/models/{model}/file", (string model) => learning._files.TryGetValue(model, out var file)
            ? Results.Bytes(file, "application/x-tar") : Results.NotFound());
        await learning._app.StartAsync();
        return learning;
    }

    /// <summary>A model whose tar is these bytes; null: there is no tar yet.</summary>
    public DeployedModel Model(string name, byte[] announced, byte[]? sent)
    {
        Send(name, sent);
        return new DeployedModel(name, Owner, "tiny-embed", announced.Length, Convert.ToHexStringLower(SHA256.HashData(announced)));
    }

    public void Send(string name, byte[]? sent)
    {
        if (sent is not null)
        {
            _files[name] = sent;
        }
    }

    public void Deploy(params DeployedModel[] models) => _feed.Publish(new DeploymentSnapshot([], models));

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
