using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tollgate.Cli.Tests.Hub;

/// <summary>Speaks the part of Hugging Face's API that downloads use, on two real ports: the hub, and the storage that it redirects
/// to.</summary>
internal sealed class HubServer : IAsyncDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly WebApplication _hub;
    private readonly WebApplication _storage;

    private HubServer(WebApplication hub, WebApplication storage) => (_hub, _storage) = (hub, storage);

    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Files that the listing says to be kept by Git itself.</summary>
    public HashSet<string> InGit { get; } = new(StringComparer.Ordinal);

    /// <summary>Bearer without which the hub refuses; null: none.</summary>
    public string? Token { get; set; }

    /// <summary>Bytes of the weights after which the storage breaks a connection, once for each entry.</summary>
    public Queue<int> Breaks { get; } = new();

    public bool TakesRanges { get; set; } = true;

    /// <summary>Files by request, with the first byte asked for.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Changes what is served, not what is listed.</summary>
    public Func<string, byte[], byte[]> Serve { get; set; } = (_, bytes) => bytes;

    public string Address => _hub.Urls.First();

    public static async Task<HubServer> StartAsync()
    {
        var server = new HubServer(Create(), Create());
        server._storage.MapGet("/blob/{file}", server.SendAsync);
        server._hub.MapGet("/api/models/{owner}/{model}/revision/{revision}", server.List);
        server._hub.MapGet("/{owner}/{model}/resolve/{commit}/{file}", server.Redirect);
        await server._storage.StartAsync();
        await server._hub.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private static WebApplication Create()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        return builder.Build();
    }

    private IResult List(HttpRequest request, string owner, string model, string revision)
    {
        if (Token is not null && request.Headers.Authorization != $"Bearer {Token}")
        {
            return Results.StatusCode((int)HttpStatusCode.Unauthorized);
        }

        if ((owner, model, Uri.UnescapeDataString(revision)) is not ("acme", "tiny", "main" or "refs/pr/1"))
        {
            return Results.NotFound();
        }

        var siblings = Files.Select(file => (JsonNode)new JsonObject
        {
            ["rfilename"] = file.Key,
            ["size"] = file.Value.Length,
            ["blobId"] = HashBlob(file.Value),
            ["lfs"] = InGit.Contains(file.Key) ? null
                : new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(file.Value)) },
        });
        return Results.Text(
            new JsonObject
            {
                ["id"] = "acme/tiny", ["sha"] = Commit, ["cardData"] = new JsonObject { ["license"] = "mit" },
                ["siblings"] = new JsonArray([.. siblings]),
            }.ToJsonString(),
            "application/json");
    }

    private static string HashBlob(byte[] bytes)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {bytes.Length}\0"));
#pragma warning disable CA5350 // Git names its files so.
        return Convert.ToHexStringLower(SHA1.HashData([.. head, .. bytes]));
#pragma warning restore CA5350
    }

    private IResult Redirect(HttpRequest request, string commit, string file) =>
        Token is not null && request.Headers.Authorization != $"Bearer {Token}" ? Results.StatusCode((int)HttpStatusCode.Forbidden)
        : commit == Commit && Files.ContainsKey(file) ? Results.Redirect($"{_storage.Urls.First()}/blob/{file}") : Results.NotFound();

    private async Task SendAsync(HttpContext context, string file)
    {
        if (context.Request.Headers.Authorization.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest; // as storages with signed addresses do
            return;
        }

        var bytes = Serve(file, Files[file]);
        var offset = TakesRanges ? (int)(context.Request.GetTypedHeaders().Range?.Ranges.First().From ?? 0) : 0;
        Requests.Add($"{file} {offset}");
        if (offset > 0)
        {
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {offset}-{bytes.Length - 1}/{bytes.Length}";
        }

        context.Response.ContentLength = bytes.Length - offset;
        if (file == "model.safetensors" && Breaks.TryDequeue(out var length))
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(offset, length));
            return; // fewer bytes than stated: the server closes the connection
        }

        await context.Response.Body.WriteAsync(bytes.AsMemory(offset));
    }
}
