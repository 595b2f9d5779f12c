using Microsoft.Extensions.DependencyInjection;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;
using Tollgate.Learning.Housekeeping;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Housekeeping;

public sealed class HousekeepingTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private FileHousekeeping Housekeeping => learning.App.Services.GetRequiredService<FileHousekeeping>();

    private StoreSweep Sweep => learning.App.Services.GetRequiredService<StoreSweep>();

    [Fact]
    public async Task A_file_whose_time_is_over_is_gone_at_once_and_removed_with_a_receipt()
    {
        var caller = LearningFixture.NewCaller();
        var before = learning.Stored();
        using var created = await learning.SendAsync(
            caller, HttpMethod.Post, "/v1/files",
            LearningFixture.Form([1], "batch", "a", ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600")));
        var id = (await LearningFixture.JsonAsync(created, 200)).GetProperty("id").GetString()!;
        await learning.ExecuteAsync($"update files set expires_at = now() where id = '{Guid.ParseExact(id[5..], "N")}'");

        using var late = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}");
        using var deleted = await learning.SendAsync(caller, HttpMethod.Delete, $"/v1/files/{id}");
        await learning.App.Services.GetRequiredService<FileDeletion>().DeleteExpiredAsync(100, default); // As before a crash.
        using var between = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/receipt");
        await Housekeeping.RunOnceAsync(default);
        using var after = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/receipt");

        Assert.Equal((404, 404), ((int)late.StatusCode, (int)deleted.StatusCode));
        Assert.False((await LearningFixture.JsonAsync(between, 200)).GetProperty("content_removed").GetBoolean());
        var receipt = await LearningFixture.JsonAsync(after, 200);
        Assert.Equal((true, "expiry", null), (
            receipt.GetProperty("content_removed").GetBoolean(), receipt.GetProperty("deleted_why").GetString(),
            receipt.GetProperty("deleted_by").GetString()));
        Files.FileEndpointTests.AssertSigned(receipt);
        Assert.Equal(before, learning.Stored());
    }

    [Fact]
    public async Task An_upload_whose_time_is_over_gives_its_parts_up()
    {
        var caller = LearningFixture.NewCaller();
        var before = learning.Stored();
        using var begun = await learning.SendAsync(
            caller, HttpMethod.Post, "/v1/uploads",
            LearningFixture.Json("""{"bytes":3,"filename":"a","mime_type":"text/plain","purpose":"batch"}"""));
        var id = (await LearningFixture.JsonAsync(begun, 200)).GetProperty("id").GetString()!;
        using var part = await learning.SendAsync(
            caller, HttpMethod.Post, $"/v1/uploads/{id}/parts",
            new MultipartFormDataContent { { new ByteArrayContent([1]), "data", "b" } });
        await learning.ExecuteAsync($"update uploads set expires_at = now() where id = '{Guid.ParseExact(id["upload_".Length..], "N")}'");

        await Housekeeping.RunOnceAsync(default);

        using var shown = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/uploads/{id}");
        var upload = await LearningFixture.JsonAsync(shown, 200);
        Assert.Equal(("expired", 0), (upload.GetProperty("status").GetString(), upload.GetProperty("bytes_received").GetInt64()));
        Assert.Equal(before, learning.Stored());
    }

    [Fact]
    public async Task A_sweep_removes_old_contents_that_nothing_has_and_leaves_the_others()
    {
        var caller = LearningFixture.NewCaller();
        var id = (await learning.CreateAsync(caller, [7])).GetProperty("id").GetString()!;
        var known = learning.Stored();
        var contents = learning.App.Services.GetRequiredService<ContentStore>();
        for (var i = 0; i < 2; i++)
        {
            await using var orphan = await contents.CreateAsync(default);
            await orphan.WriteAsync(new byte[] { 1 }, default);
            await orphan.FinishAsync(default); // As when the process dies before the row.
        }

        var unfinished = Path.Combine(learning.Folder, "incoming", $"{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(unfinished, "x");
        var young = learning.Stored().Except(known).First(path => path != unfinished);
        foreach (var path in learning.Stored().Where(path => path != young))
        {
            File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        }

        await Sweep.RunOnceAsync(default);

        Assert.Equal(known.Append(young).Order(StringComparer.Ordinal), learning.Stored().Order(StringComparer.Ordinal));
        Assert.Equal([7], await learning.DownloadAsync(caller, id));
    }

    [Fact]
    public async Task Metrics_count_what_was_taken_refused_and_removed()
    {
        using var metrics = new RecordedMetrics(learning.App.Services);
        var caller = LearningFixture.NewCaller();
        var id = (await learning.CreateAsync(caller, [1, 2, 3], "evals")).GetProperty("id").GetString()!;
        await learning.DownloadAsync(caller, id);
        using var refused = await learning.SendAsync(caller, HttpMethod.Post, "/v1/files", LearningFixture.Form([1], "vision"));
        using var deleted = await learning.SendAsync(caller, HttpMethod.Delete, $"/v1/files/{id}");
        await Housekeeping.RunOnceAsync(default);

        Assert.Equal(1, metrics.Sum("tollgate.learning.files.taken{purpose=evals,status=processed}"));
        Assert.Equal(3, metrics.Sum("tollgate.learning.files.bytes{direction=in}"));
        Assert.Equal(3, metrics.Sum("tollgate.learning.files.bytes{direction=out}"));
        Assert.Equal(1, metrics.Sum("tollgate.learning.files.refused{code=unsupported_value}"));
        Assert.Equal(1, metrics.Sum("tollgate.learning.contents.removed{why=deleted}"));
        Assert.Equal(0, metrics.Gauge("tollgate.learning.contents.removals"));
        Assert.NotNull(metrics.Gauge("tollgate.learning.files.held"));
    }
}
