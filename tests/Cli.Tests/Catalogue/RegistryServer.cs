using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tollgate.Cli.Tests.Catalogue;

/// <summary>Speaks the parts of npm's and NuGet's protocols that an installation uses, on a real port: one package, under both.</summary>
internal sealed class RegistryServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RegistryServer(WebApplication app) => _app = app;

    /// <summary>What the registry serves as the package <c>@acme/tiny</c> or <c>Acme.Tiny</c>, version 1.2.3.</summary>
    public byte[] Package { get; set; } = [];

    /// <summary>The hash that npm's metadata states; null for that of <see cref="Package"/>.</summary>
    public string? Integrity { get; set; }

    public bool TakesRanges { get; set; } = true;

    /// <summary>Bytes of the next answer after which the server sends nothing more until the client has left; null for none.</summary>
    public int? HoldAfter { get; set; }

    /// <summary>Paths, and for the package the first byte asked for.</summary>
    public List<string> Requests { get; } = [];

    public string Npm => $"{_app.Urls.First()}/npm";

    public string NuGet => $"{_app.Urls.First()}/v3/index.json";

    public static string IntegrityOf(byte[] bytes) => $"sha512-{Convert.ToBase64String(SHA512.HashData(bytes))}";

    public static async Task<RegistryServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var server = new RegistryServer(builder.Build());
        server._app.MapGet("/npm/{package}/{version}", server.DescribeNpm);
        server._app.MapGet("/v3/index.json", server.DescribeNuGet);
        server._app.MapGet("/tarballs/tiny.tgz", server.SendAsync);
        server._app.MapGet("/flat/acme.tiny/1.2.3/acme.tiny.1.2.3.nupkg", server.SendAsync);
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult DescribeNpm(HttpRequest request, string package, string version)
    {
        Requests.Add(request.Path);
        return (Uri.UnescapeDataString(package), version) is not ("@acme/tiny", "1.2.3") ? Results.NotFound() : Results.Text(
            new JsonObject
            {
                ["dist"] = new JsonObject
                {
                    ["tarball"] = $"{_app.Urls.First()}/tarballs/tiny.tgz", ["integrity"] = Integrity ?? IntegrityOf(Package),
                },
            }.ToJsonString(),
            "application/json");
    }

    private IResult DescribeNuGet(HttpRequest request)
    {
        Requests.Add(request.Path);
        return Results.Text(
            $$"""
            {"version":"3.0.0","resources":[{"@id":"{{_app.Urls.First()}}/x/","@type":"SearchQueryService"},
            {"@id":"{{_app.Urls.First()}}/flat/","@type":"PackageBaseAddress/3.0.0"}]}
            """,
            "application/json");
    }

    private async Task SendAsync(HttpContext context)
    {
        var offset = (int)(context.Request.GetTypedHeaders().Range?.Ranges.First().From ?? 0);
        Requests.Add($"{context.Request.Path} {offset}");
        if (offset > 0 && TakesRanges)
        {
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {offset}-{Package.Length - 1}/{Package.Length}";
        }
        else
        {
            offset = 0;
        }

        context.Response.ContentLength = Package.Length - offset;
        if (HoldAfter is not { } bytes)
        {
            await context.Response.Body.WriteAsync(Package.AsMemory(offset));
            return;
        }

        HoldAfter = null;
        await context.Response.Body.WriteAsync(Package.AsMemory(offset, bytes));
        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(
            _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}
