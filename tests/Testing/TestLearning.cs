using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tollgate.Testing;

/// <summary>The routes of Learning by which trainers fetch the files of jobs and leave results.</summary>
public sealed class TestLearning : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestLearning(WebApplication app) => _app = app;

    /// <summary>The training file of every job.</summary>
    public byte[] TrainingFile { get; set; } = [];

    /// <summary>Whether it states that every job has ended.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Results by job, 32 hex digits.</summary>
    public ConcurrentDictionary<string, byte[]> Results { get; } = new();

    public string Url => _app.Urls.Single();

    public static async Task<TestLearning> StartAsync(byte[] trainingFile)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var learning = new TestLearning(builder.Build()) { TrainingFile = trainingFile };
        learning._app.MapGet(
            "/internal/training/{job}/training-file",
            (HttpContext context) => learning.May(context)
                ? Microsoft.AspNetCore.Http.Results.Bytes(learning.TrainingFile) : Microsoft.AspNetCore.Http.Results.StatusCode(410));
        learning._app.MapPut("/internal/training/{job}/result", learning.KeepAsync);
        await learning._app.StartAsync();
        return learning;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private bool May(HttpContext context) =>
        !HasEnded && context.Request.Headers.Authorization == TestBearers.Header("inference", "learning").ToString();

    private async Task<IResult> KeepAsync(HttpContext context, string job)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Results[job] = body.ToArray();
        return Microsoft.AspNetCore.Http.Results.NoContent();
    }
}
