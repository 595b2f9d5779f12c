using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Tests.Uploads;

public sealed class UploadEndpointTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    [Fact]
    public async Task Parts_become_a_file_in_the_order_of_their_ids()
    {
        var caller = LearningFixture.NewCaller();
        var before = learning.Stored();
        var bytes = RandomNumberGenerator.GetBytes(200_000);
        var upload = Id(await BeginAsync(caller, bytes.Length));
        var second = Id(await AddPartAsync(caller, upload, bytes[70_000..]));
        var first = Id(await AddPartAsync(caller, upload, bytes[..70_000]));
        var unused = Id(await AddPartAsync(caller, upload, [1]));
        using var shown = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/uploads/{upload}");
        var progress = await LearningFixture.JsonAsync(shown, 200);
#pragma warning disable CA5351 // OpenAI's wire compares this one; nothing rests on it.
        var md5 = Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351

        var completed = await PostAsync(caller, $"/v1/uploads/{upload}/complete", Parts([first, second], md5), 200);
        var again = await PostAsync(caller, $"/v1/uploads/{upload}/complete", Parts([first, second], md5), 200);

        Assert.Equal((200_001, "pending"), (progress.GetProperty("bytes_received").GetInt64(), progress.GetProperty("status").GetString()));
        Assert.Equal(
            [second, first, unused], progress.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("id").GetString()!));
        Assert.Equal("completed", completed.GetProperty("status").GetString());
        var file = completed.GetProperty("file");
        Assert.Equal((bytes.Length, "big.jsonl", "user_data", "processed"), (
            file.GetProperty("bytes").GetInt64(), file.GetProperty("filename").GetString(), file.GetProperty("purpose").GetString(),
            file.GetProperty("status").GetString()));
        Assert.Equal(file.ToString(), again.GetProperty("file").ToString());
        Assert.Equal(bytes, await learning.DownloadAsync(caller, Id(file)));
        Assert.Single(learning.Stored().Except(before)); // The parts are gone.
    }

    [Fact]
    public async Task A_completion_that_does_not_fit_makes_no_file_and_can_be_mended()
    {
        var caller = LearningFixture.NewCaller();
        var upload = Id(await BeginAsync(caller, 3));
        var one = Id(await AddPartAsync(caller, upload, [1]));
        var two = Id(await AddPartAsync(caller, upload, [2, 3]));
        var foreign = Id(await AddPartAsync(caller, Id(await BeginAsync(caller, 3)), [9, 9]));
        foreach (var (body, param) in new[]
        {
            (Parts([one]), "part_ids"), (Parts([one, two, one]), "part_ids[2]"), (Parts([one, foreign]), "part_ids[1]"),
            (Parts([one, "part_x"]), "part_ids[1]"), (Parts([]), "part_ids"), ("{}", "part_ids"), ("{\"part_ids\":[7]}", "part_ids[0]"),
            (Parts([one, two], new string('0', 32)), "md5"), (Parts([one, two], "0"), "md5"), ("{\"part_ids\":\"x\"}", "part_ids"),
            ("{\"part_ids\":[\"x\"],\"parts\":[]}", "parts"),
        })
        {
            using var response = await learning.SendAsync(
                caller, HttpMethod.Post, $"/v1/uploads/{upload}/complete", LearningFixture.Json(body));
            Assert.Equal((param, body), ((await LearningFixture.ErrorAsync(response, 400)).Param, body));
        }

        using var list = await learning.SendAsync(caller, HttpMethod.Get, "/v1/files");
        Assert.Empty((await LearningFixture.JsonAsync(list, 200)).GetProperty("data").EnumerateArray());
        await PostAsync(caller, $"/v1/uploads/{upload}/complete", Parts([two, one]), 200);
    }

    [Fact]
    public async Task A_cancelled_upload_keeps_nothing_and_takes_nothing()
    {
        var caller = LearningFixture.NewCaller();
        var before = learning.Stored();
        var upload = Id(await BeginAsync(caller, 3));
        var part = Id(await AddPartAsync(caller, upload, [1, 2, 3]));

        var cancelled = await PostAsync(caller, $"/v1/uploads/{upload}/cancel", null, 200);
        var again = await PostAsync(caller, $"/v1/uploads/{upload}/cancel", null, 200);
        using var late = await learning.SendAsync(caller, HttpMethod.Post, $"/v1/uploads/{upload}/parts", PartForm([1]));
        using var completed = await learning.SendAsync(
            caller, HttpMethod.Post, $"/v1/uploads/{upload}/complete", LearningFixture.Json(Parts([part])));

        Assert.Equal(("cancelled", "cancelled"), (
            cancelled.GetProperty("status").GetString(), again.GetProperty("status").GetString()));
        Assert.Equal("upload_not_pending", (await LearningFixture.ErrorAsync(late, 400)).Code);
        Assert.Equal("upload_not_pending", (await LearningFixture.ErrorAsync(completed, 400)).Code);
        Assert.Equal(before, learning.Stored());
    }

    [Fact]
    public async Task An_upload_expires_after_an_hour()
    {
        var caller = LearningFixture.NewCaller();
        var upload = await BeginAsync(caller, 3);
        var id = Id(upload);
        var part = Id(await AddPartAsync(caller, id, [1, 2, 3]));
        Assert.Equal(3600, upload.GetProperty("expires_at").GetInt64() - upload.GetProperty("created_at").GetInt64());
        await learning.ExecuteAsync($"update uploads set expires_at = now() where id = '{Guid.ParseExact(id["upload_".Length..], "N")}'");

        using var shown = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/uploads/{id}");
        using var completed = await learning.SendAsync(
            caller, HttpMethod.Post, $"/v1/uploads/{id}/complete", LearningFixture.Json(Parts([part])));

        Assert.Equal("expired", (await LearningFixture.JsonAsync(shown, 200)).GetProperty("status").GetString());
        Assert.Contains("expired", (await LearningFixture.ErrorAsync(completed, 400)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_completions_at_once_one_makes_the_file()
    {
        var caller = LearningFixture.NewCaller();
        var upload = Id(await BeginAsync(caller, 100_000));
        var part = Id(await AddPartAsync(caller, upload, new byte[100_000]));

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var response = await learning.SendAsync(
                caller, HttpMethod.Post, $"/v1/uploads/{upload}/complete", LearningFixture.Json(Parts([part])));
            return (int)response.StatusCode;
        }));

        Assert.Contains(200, answers);
        Assert.All(answers, status => Assert.True(status is 200 or 400, $"{status}"));
        using var list = await learning.SendAsync(caller, HttpMethod.Get, "/v1/files");
        Assert.Single((await LearningFixture.JsonAsync(list, 200)).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task Another_projects_upload_is_one_that_does_not_exist()
    {
        var mine = LearningFixture.NewCaller();
        var upload = Id(await BeginAsync(mine, 3));
        var before = learning.Stored();
        foreach (var other in new[] { mine with { ProjectId = Guid.NewGuid() }, LearningFixture.NewCaller() })
        {
            foreach (var id in new[] { upload, $"upload_{Guid.NewGuid():N}", "x" })
            {
                foreach (var (method, path, content) in new (HttpMethod, string, HttpContent?)[]
                {
                    (HttpMethod.Get, "", null), (HttpMethod.Post, "/parts", PartForm([1])), (HttpMethod.Post, "/cancel", null),
                    (HttpMethod.Post, "/complete", LearningFixture.Json(Parts(["part_x"]))),
                })
                {
                    using var response = await learning.SendAsync(other, method, $"/v1/uploads/{id}{path}", content);
                    Assert.Equal($"No such Upload object: {id}", (await LearningFixture.ErrorAsync(response, 404)).Message);
                }
            }
        }

        Assert.Equal(before, learning.Stored());
    }

    /// <summary>Each member with values of wrong types and ranges, and each missing.</summary>
    [Fact]
    public async Task Every_wrong_value_of_every_member_is_refused_by_name()
    {
        var caller = LearningFixture.NewCaller();
        var good = new Dictionary<string, string>
        {
            ["bytes"] = "3", ["filename"] = "\"a\"", ["mime_type"] = "\"text/plain\"", ["purpose"] = "\"batch\"",
        };
        string[] wrong =
        [
            "true", "0", "-1", "1.5", "1e2", "9223372036854775808", "[]", "{}", "\"\"", "\"\\u0000\"", $"\"{new string('x', 300)}\"",
        ];
        foreach (var member in good.Keys)
        {
            foreach (var value in wrong.Append("null"))
            {
                await RefusedAsync(new Dictionary<string, string>(good) { [member] = value }, member);
            }
        }

        foreach (var value in wrong.Append("{\"anchor\":\"now\",\"seconds\":3600}").Append("{\"anchor\":7,\"seconds\":3600}")
            .Append("{\"anchor\":\"created_at\"}").Append("{\"anchor\":\"created_at\",\"seconds\":1}")
            .Append("{\"anchor\":\"created_at\",\"seconds\":\"3600\"}").Append("{\"anchor\":\"created_at\",\"seconds\":3600,\"x\":1}"))
        {
            await RefusedAsync(new Dictionary<string, string>(good) { ["expires_after"] = value }, "expires_after");
        }

        await RefusedAsync(new Dictionary<string, string>(good) { ["model"] = "1" }, "model");

        async Task RefusedAsync(Dictionary<string, string> members, string param)
        {
            var body = $"{{{string.Join(',', members.Select(one => $"\"{one.Key}\":{one.Value}"))}}}";
            using var response = await learning.SendAsync(caller, HttpMethod.Post, "/v1/uploads", LearningFixture.Json(body));
            Assert.True((int)response.StatusCode is 400 or 413, body);
            Assert.Equal((param, body), (
                (await LearningFixture.ErrorAsync(response, (int)response.StatusCode)).Param?.Split('.')[0], body));
        }
    }

    [Fact]
    public async Task A_bad_part_is_refused_by_name_and_leaves_nothing()
    {
        var caller = LearningFixture.NewCaller();
        var upload = Id(await BeginAsync(caller, 3));
        var before = learning.Stored();
        using var two = PartForm([1]);
        two.Add(new ByteArrayContent([2]), "data", "b");
        using var text = new MultipartFormDataContent { { new StringContent("x"), "data" } };
        using var other = new MultipartFormDataContent { { new ByteArrayContent([1]), "file", "a" } };
        foreach (var (form, code, param) in new (HttpContent, string, string?)[]
        {
            (two, "duplicate_parameter", "data"), (text, "invalid_type", "data"), (other, "unknown_parameter", "file"),
            (PartForm([]), "invalid_value", "data"),
        })
        {
            using var response = await learning.SendAsync(caller, HttpMethod.Post, $"/v1/uploads/{upload}/parts", form);
            var error = await LearningFixture.ErrorAsync(response, 400);
            Assert.Equal((code, param), (error.Code, error.Param));
        }

        Assert.Equal(before, learning.Stored());
    }

    internal static string Parts(IEnumerable<string> ids, string? md5 = null) => JsonSerializer.Serialize(
        md5 is null ? new Dictionary<string, object> { ["part_ids"] = ids } : new() { ["part_ids"] = ids, ["md5"] = md5 });

    private static MultipartFormDataContent PartForm(byte[] bytes) => new() { { new ByteArrayContent(bytes), "data", "blob" } };

    private static string Id(JsonElement one) => one.GetProperty("id").GetString()!;

    private Task<JsonElement> BeginAsync(FileCaller caller, int bytes) => PostAsync(
        caller, "/v1/uploads", $$"""{"bytes":{{bytes}},"filename":"big.jsonl","mime_type":"text/jsonl","purpose":"user_data"}""", 200);

    private async Task<JsonElement> AddPartAsync(FileCaller caller, string upload, byte[] bytes)
    {
        using var response = await learning.SendAsync(caller, HttpMethod.Post, $"/v1/uploads/{upload}/parts", PartForm(bytes));
        return await LearningFixture.JsonAsync(response, 200);
    }

    private async Task<JsonElement> PostAsync(FileCaller caller, string path, string? json, int status)
    {
        using var response = await learning.SendAsync(
            caller, HttpMethod.Post, path, json is null ? null : LearningFixture.Json(json));
        return await LearningFixture.JsonAsync(response, status);
    }
}
