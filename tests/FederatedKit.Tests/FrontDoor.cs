using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Learning;
using Tollgate.Testing;

namespace Tollgate.FederatedKit.Tests;

/// <summary>Stands where a gateway stands: names the key's owner to Learning. Keeps every body that participants send.</summary>
internal sealed class FrontDoor : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new();
    private readonly Guid _key = Guid.NewGuid();

    private FrontDoor(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>Learning, as it is at the moment.</summary>
    public Uri Behind { get; set; } = null!;

    public Guid Organization { get; } = Guid.NewGuid();

    public Guid Project { get; } = Guid.NewGuid();

    /// <summary>Bodies of all requests, in the order in which they came.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = [];

    public static async Task<FrontDoor> OpenAsync(Uri learning)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var door = new FrontDoor(app) { Behind = learning };
        app.Run(door.PassAsync);
        await app.StartAsync();
        door.Address = new Uri(app.Urls.Single() + "/");
        return door;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), new Uri(Behind, context.Request.Path + context.Request.QueryString.ToString()));
        request.Headers.Authorization = TestBearers.Header("gateway", "learning");
        request.Headers.Add(LearningHeaders.Organization, Organization.ToString("N"));
        request.Headers.Add(LearningHeaders.Project, Project.ToString("N"));
        request.Headers.Add(LearningHeaders.Key, _key.ToString("N"));
        if (body.Length > 0)
        {
            Bodies.Enqueue(body.ToArray());
            request.Content = new ByteArrayContent(body.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        try
        {
            using var answer = await _http.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (HttpRequestException)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }
}
