using System.Text;
using System.Text.Json;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Tests.Files;

/// <summary>Each limit of an organization names its member and the limit, and holds when requests come at once.</summary>
public sealed class FileLimitTests(LearningFixture learning) : IClassFixture<LearningFixture>, IAsyncLifetime
{
    private HttpClient _http = null!;

    public async Task InitializeAsync() => (_, _http) = await learning.StartAsync(
        "--Files:MaxFileBytes=2000", "--Files:MaxPartBytes=1024", "--Files:MaxTotalBytes=3000", "--Files:MaxFiles=4",
        "--Files:MaxTransfers=2", "--Files:RetentionDays=2");

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_file_or_part_above_its_limit_is_refused()
    {
        var caller = LearningFixture.NewCaller();
        await learning.CreateAsync(caller, new byte[2000], http: _http);
        using var file = await PostFileAsync(caller, 2001);
        using var begun = await PostJsonAsync(caller, "/v1/uploads", Upload(2001));
        using var open = await PostJsonAsync(LearningFixture.NewCaller(), "/v1/uploads", Upload(2000));

        AssertError(await LearningFixture.ErrorAsync(file, 413), "file_too_large", "file", "2000");
        AssertError(await LearningFixture.ErrorAsync(begun, 413), "file_too_large", "bytes", "Files:MaxFileBytes");
        Assert.Equal(200, (int)open.StatusCode);
        var part = new MultipartFormDataContent { { new ByteArrayContent(new byte[1025]), "data", "b" } };
        var other = LearningFixture.NewCaller();
        using var upload = await PostJsonAsync(other, "/v1/uploads", Upload(2000));
        var id = (await LearningFixture.JsonAsync(upload, 200)).GetProperty("id").GetString();
        using var large = await learning.SendAsync(other, HttpMethod.Post, $"/v1/uploads/{id}/parts", part, _http);
        AssertError(await LearningFixture.ErrorAsync(large, 413), "file_too_large", "data", "Files:MaxPartBytes");
    }

    [Fact]
    public async Task Bytes_together_are_held_exactly_when_files_come_at_once()
    {
        var caller = LearningFixture.NewCaller();

        var statuses = new List<int>();
        while (statuses.Count < 12)
        {
            statuses.AddRange(await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
            {
                using var response = await PostFileAsync(caller, 1000);
                return (int)response.StatusCode;
            })));
        }

        Assert.Equal(3, statuses.Count(status => status == 200));
        using var full = await PostFileAsync(caller, 1);
        AssertError(await LearningFixture.ErrorAsync(full, 400), "file_storage_full", "file", "3000");
        using var neighbour = await PostFileAsync(LearningFixture.NewCaller(), 1000);
        Assert.Equal(200, (int)neighbour.StatusCode);
        using var list = await learning.SendAsync(caller, HttpMethod.Get, "/v1/files?limit=1");
        var id = (await LearningFixture.JsonAsync(list, 200)).GetProperty("first_id").GetString();
        using var deleted = await learning.SendAsync(caller, HttpMethod.Delete, $"/v1/files/{id}");
        using var fits = await PostFileAsync(caller, 1000);
        Assert.Equal((200, 200), ((int)deleted.StatusCode, (int)fits.StatusCode));
    }

    [Fact]
    public async Task Files_and_open_uploads_count_together()
    {
        var caller = LearningFixture.NewCaller();
        for (var i = 0; i < 3; i++)
        {
            await learning.CreateAsync(caller, [1], http: _http);
        }

        using var upload = await PostJsonAsync(caller, "/v1/uploads", Upload(10));
        using var file = await PostFileAsync(caller, 1);
        using var another = await PostJsonAsync(caller, "/v1/uploads", Upload(10));

        Assert.Equal(200, (int)upload.StatusCode);
        AssertError(await LearningFixture.ErrorAsync(file, 400), "too_many_files", "file", "Files:MaxFiles");
        AssertError(await LearningFixture.ErrorAsync(another, 400), "too_many_files", "bytes", "4");
    }

    [Fact]
    public async Task A_transfer_more_than_may_run_at_once_is_told_to_wait()
    {
        var caller = LearningFixture.NewCaller();
        var release = new TaskCompletionSource();
        var running = Enumerable.Range(0, 2).Select(_ => learning.SendAsync(caller, HttpMethod.Post, "/v1/files", Slow(), _http)).ToList();
        HttpResponseMessage? third = null;
        await Testing.Until.TrueAsync(
            async () =>
            {
                third?.Dispose();
                third = await PostFileAsync(caller, 1);
                return (int)third.StatusCode == 429;
            },
            "a third transfer is refused");
        using var neighbour = await PostFileAsync(LearningFixture.NewCaller(), 1);
        release.SetResult();
        foreach (var transfer in running)
        {
            using var response = await transfer;
            Assert.True((int)response.StatusCode is 200 or 400, $"{response.StatusCode}");
        }

        var (code, _, message) = await LearningFixture.ErrorAsync(third!, 429);
        Assert.Equal("rate_limit_exceeded", code);
        Assert.Contains("Files:MaxTransfers", message, StringComparison.Ordinal);
        Assert.NotNull(third!.Headers.RetryAfter);
        Assert.Equal(200, (int)neighbour.StatusCode);

        HttpContent Slow() => new HeldContent(
            Encoding.ASCII.GetBytes(
                "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx"),
            Encoding.ASCII.GetBytes("y\r\n--b--\r\n"), release.Task);
    }

    [Fact]
    public async Task Retention_bounds_how_long_a_file_lives()
    {
        var caller = LearningFixture.NewCaller();

        var plain = await learning.CreateAsync(caller, [1], http: _http);
        using var shorter = await learning.SendAsync(
            caller, HttpMethod.Post, "/v1/files",
            LearningFixture.Form([1], "batch", "a", ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600")), _http);
        using var longer = await learning.SendAsync(
            caller, HttpMethod.Post, "/v1/files",
            LearningFixture.Form([1], "batch", "a", ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "172801")), _http);

        Assert.Equal(2 * 86_400, Lifetime(plain));
        Assert.Equal(3600, Lifetime(await LearningFixture.JsonAsync(shorter, 200)));
        AssertError(await LearningFixture.ErrorAsync(longer, 400), "invalid_value", "expires_after[seconds]", "Files:RetentionDays");

        static long Lifetime(JsonElement file) => file.GetProperty("expires_at").GetInt64() - file.GetProperty("created_at").GetInt64();
    }

    private static void AssertError((string? Code, string? Param, string Message) error, string code, string param, string limit)
    {
        Assert.Equal((code, param), (error.Code, error.Param));
        Assert.Contains(limit, error.Message, StringComparison.Ordinal);
    }

    private static string Upload(int bytes) =>
        $$"""{"bytes":{{bytes}},"filename":"a","mime_type":"text/jsonl","purpose":"batch"}""";

    private Task<HttpResponseMessage> PostFileAsync(FileCaller caller, int bytes) =>
        learning.SendAsync(caller, HttpMethod.Post, "/v1/files", LearningFixture.Form(new byte[bytes], "batch"), _http);

    private Task<HttpResponseMessage> PostJsonAsync(FileCaller caller, string path, string json) =>
        learning.SendAsync(caller, HttpMethod.Post, path, LearningFixture.Json(json), _http);
}
