using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Npgsql;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests;

/// <summary>A real Learning on a database and in a folder of its own, called as a gateway calls it.</summary>
public sealed class LearningFixture : IAsyncLifetime
{
    private const string MasterKey = "k1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    private static readonly string[] Idle = ["--Batches:Batches=0", "--Background:Concurrency=0", "--Jobs:Concurrency=0", "--Jobs:Plans=0"];
    private readonly List<WebApplication> _started = [];

    public string ConnectionString { get; private set; } = "";

    /// <summary>Where the contents lie.</summary>
    public string Folder { get; } = TestFolder.Create("files");

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Shows a test everybody's rows.</summary>
    public NpgsqlDataSource Everything { get; private set; } = null!;

    /// <summary>A migrated database. Returns the connection string of the service's role.</summary>
    public static Task<string> CreateDatabaseAsync() => PostgresServer.CreateDatabaseAsync(
        "learning", connection => LearningApp.MigrateAsync([$"--Postgres:ConnectionString={connection}"], CancellationToken.None));

    public async Task InitializeAsync()
    {
        ConnectionString = await CreateDatabaseAsync();
        Everything = NpgsqlDataSource.Create(PostgresServer.SeeingAll(ConnectionString));
        (App, Http) = await StartAsync(Idle); // What runs batches and jobs has a gateway.
    }

    public async Task DisposeAsync()
    {
        foreach (var app in _started)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await Everything.DisposeAsync();
        await ForeignReplay.RunAsync(ConnectionString);
    }

    /// <summary>Another instance on the same database and folder, with other settings.</summary>
    public async Task<(WebApplication App, HttpClient Http)> StartAsync(params string[] more)
    {
        var app = LearningApp.Create([.. Arguments(), .. more]);
        await app.StartAsync();
        _started.Add(app);
        return (app, new HttpClient
        {
            BaseAddress = new Uri(app.Url(ListenerKind.Internal)),
            DefaultRequestHeaders = { Authorization = TestBearers.Header("gateway", "learning") },
        });
    }

    /// <summary>Ends an instance, and closes its connections to the database.</summary>
    public async Task EndAsync(WebApplication app)
    {
        _started.Remove(app);
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public string[] Arguments() =>
    [
        "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("learning"), $"--Postgres:ConnectionString={ConnectionString}",
        $"--Storage:Folder={Folder}", $"--Sealing:MasterKeys={MasterKey}",
    ];

    /// <summary>A caller of an organization of its own.</summary>
    internal static FileCaller NewCaller() => new(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());

    /// <summary>Sends a request for a caller.</summary>
    internal Task<HttpResponseMessage> SendAsync(
        FileCaller caller, HttpMethod method, string path, HttpContent? content = null, HttpClient? http = null) =>
        (http ?? Http).SendAsync(Request(caller, method, path, content), HttpCompletionOption.ResponseHeadersRead);

    internal static HttpRequestMessage Request(FileCaller caller, HttpMethod method, string path, HttpContent? content = null) =>
        new(method, path)
        {
            Content = content,
            Headers =
            {
                { LearningHeaders.Organization, caller.OrganizationId.ToString("N") },
                { LearningHeaders.Project, caller.ProjectId.ToString("N") },
                { LearningHeaders.Key, caller.KeyId.ToString("N") },
            },
        };

    /// <summary>Sends a file and returns the object.</summary>
    internal async Task<JsonElement> CreateAsync(
        FileCaller caller, byte[] bytes, string purpose = "user_data", string name = "a.jsonl", HttpClient? http = null)
    {
        using var response = await SendAsync(caller, HttpMethod.Post, "/v1/files", Form(bytes, purpose, name), http);
        return await JsonAsync(response, 200);
    }

    /// <summary>The content of a file.</summary>
    internal async Task<byte[]> DownloadAsync(FileCaller caller, string id)
    {
        using var response = await SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/content");
        Assert.Equal(200, (int)response.StatusCode);
        return await response.Content.ReadAsByteArrayAsync();
    }

    public static MultipartFormDataContent Form(byte[] bytes, string? purpose, string name = "a.jsonl", params (string, string)[] fields)
    {
        var form = new MultipartFormDataContent();
        if (purpose is not null)
        {
            form.Add(new StringContent(purpose), "purpose");
        }

        foreach (var (field, value) in fields)
        {
            form.Add(new StringContent(value), field);
        }

        form.Add(new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("text/jsonl") } }, "file", name);
        return form;
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    /// <summary>The answer's body, after a look at its status.</summary>
    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response, int status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonElement.Parse(text);
    }

    /// <summary>The error of an answer.</summary>
    public static async Task<(string? Code, string? Param, string Message)> ErrorAsync(HttpResponseMessage response, int status)
    {
        var error = (await JsonAsync(response, status)).GetProperty("error");
        return (error.GetProperty("code").GetString(), error.GetProperty("param").GetString(), error.GetProperty("message").GetString()!);
    }

    /// <summary>First column of the first row.</summary>
    public async Task<T> ReadAsync<T>(string sql, params object[] values)
    {
        await using var command = Everything.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var command = Everything.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Files of the store, those that come in now included.</summary>
    public IReadOnlyList<string> Stored() => Directory.GetFiles(Folder, "*", SearchOption.AllDirectories);
}
