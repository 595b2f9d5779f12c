using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Learning;

namespace Tollgate.Accounts.Tests.Learning;

/// <summary>
/// Stands before a real Learning: passes files and batches on to it, and answers fine-tuning by a script, since a trainer has no place in
/// these tests. Objects belong to the project that the headers name, as at Learning.
/// </summary>
internal sealed class ScriptedLearning : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _real;
    private readonly ConcurrentDictionary<string, (string Owner, JsonObject Job)> _jobs = new();
    private readonly ConcurrentDictionary<(string Owner, string Name), JsonObject> _deployments = new();

    private ScriptedLearning(WebApplication app, string real) =>
        (_app, _real) = (app, new HttpClient { BaseAddress = new Uri(real) });

    public string Url => _app.Urls.First();

    /// <summary>Every request of fine-tuning: method and path, the headers of the caller, and the body.</summary>
    public ConcurrentQueue<(string Call, string Key, string PublicId, string Scopes, string Body)> Requests { get; } = new();

    /// <summary>Events of every job, newest first.</summary>
    public JsonArray Events { get; set; } = [];

    public JsonObject? Evaluation { get; set; }

    /// <summary>Passes fine-tuning on to the real Learning too, which has no trainer.</summary>
    public bool PassesAll { get; set; }

    /// <summary>The error for the next POST; null to take it.</summary>
    public JsonObject? Refusal { get; set; }

    public static async Task<ScriptedLearning> StartAsync(string real)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var scripted = new ScriptedLearning(app, real);
        app.Run(scripted.AnswerAsync);
        await app.StartAsync();
        return scripted;
    }

    /// <summary>Changes the job that was made last.</summary>
    public string Change(Action<JsonObject> change)
    {
        var (id, (_, job)) = _jobs.MaxBy(pair => (long)pair.Value.Job["created_at"]!);
        lock (job)
        {
            change(job);
        }

        return id;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _real.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (PassesAll || !context.Request.Path.StartsWithSegments("/v1/fine_tuning"))
        {
            await PassOnAsync(context);
            return;
        }

        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var headers = context.Request.Headers;
        Requests.Enqueue((
            $"{context.Request.Method} {context.Request.Path}", headers[LearningHeaders.Key].ToString(),
            headers[LearningHeaders.KeyPublicId].ToString(), headers[LearningHeaders.KeyScopes].ToString(), body));
        if (Refusal is { } refusal && context.Request.Method == "POST")
        {
            Refusal = null;
            await WriteAsync(context, refusal, 400);
            return;
        }

        var owner = $"{headers[LearningHeaders.Organization]} {headers[LearningHeaders.Project]}";
        var parts = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries)[2..];
        var answer = Answer(context.Request.Method, parts, owner, body);
        await WriteAsync(context, answer ?? Error("There is no such object."), answer is null ? 404 : 200);
    }

    private JsonObject? Answer(string method, string[] parts, string owner, string body) => (method, parts) switch
    {
        ("POST", ["jobs"]) => AddJob(owner, JsonNode.Parse(body)!.AsObject()),
        ("GET", ["jobs"]) => List(_jobs.Values.Where(one => one.Owner == owner).Select(one => one.Job)),
        (_, ["jobs", var id, ..]) when !_jobs.TryGetValue(id, out var job) || job.Owner != owner => null,
        ("GET", ["jobs", var id]) => _jobs[id].Job,
        ("POST", ["jobs", var id, var verb]) => Order(_jobs[id].Job, verb),
        ("GET", ["jobs", _, "events"]) => new JsonObject { ["data"] = Events.DeepClone(), ["has_more"] = false },
        ("GET", ["jobs", _, "evaluation"]) => Evaluation,
        ("POST", ["deployments"]) => Deploy(owner, JsonNode.Parse(body)!.AsObject()),
        ("GET", ["deployments"]) => List(_deployments.Where(one => one.Key.Owner == owner).Select(one => one.Value)),
        ("GET", ["deployments", var name]) => _deployments.GetValueOrDefault((owner, name)),
        ("POST", ["deployments", var name, "rollback"]) when _deployments.TryGetValue((owner, name), out var back) => RollBack(back),
        ("DELETE", ["deployments", var name]) when _deployments.TryRemove((owner, name), out _) =>
            new JsonObject { ["id"] = name, ["deleted"] = true },
        _ => null,
    };

    private JsonObject AddJob(string owner, JsonObject order)
    {
        var id = $"ftjob-{Guid.NewGuid():N}";
        var job = new JsonObject
        {
            ["id"] = id,
            ["object"] = "fine_tuning.job",
            ["model"] = order["model"]!.DeepClone(),
            ["status"] = "running",
            ["created_at"] = 1_800_000_000L + _jobs.Count,
            ["training_file"] = order["training_file"]!.DeepClone(),
            ["suffix"] = order["suffix"]?.DeepClone(),
            ["method"] = new JsonObject { ["type"] = "head" },
            ["hyperparameters"] = new JsonObject { ["n_epochs"] = 3, ["batch_size"] = "auto", ["learning_rate_multiplier"] = 0.5 },
            ["seed"] = 7,
            ["trained_tokens"] = 1200,
            ["progress"] = new JsonObject { ["stage"] = "training", ["step"] = 30, ["steps"] = 90 },
        };
        _jobs[id] = (owner, job);
        return job;
    }

    private static JsonObject Order(JsonObject job, string verb)
    {
        job["status"] = verb switch { "cancel" => "cancelled", "pause" => "paused", _ => "queued" };
        return job;
    }

    private JsonObject Deploy(string owner, JsonObject order)
    {
        var name = order["name"]?.ToString() ?? "reviews";
        var before = _deployments.GetValueOrDefault((owner, name))?["model"]?.DeepClone();
        return _deployments[(owner, name)] = new JsonObject
        {
            ["id"] = name,
            ["name"] = name,
            ["model"] = order["model"]!.DeepClone(),
            ["previous_model"] = before,
            ["status"] = "ready",
            ["minimum"] = order["minimum"]?.DeepClone(),
            ["created_at"] = 1_800_000_000L,
        };
    }

    private static JsonObject RollBack(JsonObject deployment)
    {
        var (now, before) = (deployment["model"]!.DeepClone(), deployment["previous_model"]!.DeepClone());
        (deployment["model"], deployment["previous_model"]) = (before, now);
        return deployment;
    }

    private static JsonObject List(IEnumerable<JsonObject> items) => new()
    {
        ["data"] = new JsonArray([.. items.OrderByDescending(item => (long)item["created_at"]!).Select(item => item.DeepClone())]),
        ["has_more"] = false,
    };

    public static JsonObject Error(string message, string? param = null) =>
        new() { ["error"] = new JsonObject { ["message"] = message, ["param"] = param, ["code"] = "invalid_value" } };

    private static Task WriteAsync(HttpContext context, JsonObject body, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString());
    }

    private async Task PassOnAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), context.Request.Path + context.Request.QueryString.ToUriComponent());
        if (context.Request.Method is "POST" or "PUT")
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.ContentType =
                MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) ? type : null;
        }

        foreach (var (name, value) in context.Request.Headers.Where(
            header => header.Key == "Authorization" || header.Key.StartsWith("x-tollgate-", StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.TryAddWithoutValidation(name, value.ToString());
        }

        using var response = await _real.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        context.Response.Headers.ContentDisposition = response.Content.Headers.ContentDisposition?.ToString();
        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
