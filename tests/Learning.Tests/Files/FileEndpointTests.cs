using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tollgate.Learning.Tests.Files;

public sealed class FileEndpointTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private const int Chunk = 64 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((3 * Chunk) + 7)]
    public async Task A_file_comes_back_as_it_was_sent_and_lies_sealed(int length)
    {
        var caller = LearningFixture.NewCaller();
        var bytes = RandomNumberGenerator.GetBytes(length);
        var before = learning.Stored();

        var file = await learning.CreateAsync(caller, bytes, "user_data", "train.jsonl");
        using var shown = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{Id(file)}");
        using var content = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{Id(file)}/content");

        Assert.Equal(("file", length, "train.jsonl", "user_data", "processed"), (
            file.GetProperty("object").GetString(), file.GetProperty("bytes").GetInt64(), file.GetProperty("filename").GetString(),
            file.GetProperty("purpose").GetString(), file.GetProperty("status").GetString()));
        Assert.Equal(file.ToString(), (await LearningFixture.JsonAsync(shown, 200)).ToString());
        Assert.Equal(bytes, await content.Content.ReadAsByteArrayAsync());
        Assert.Equal(("text/jsonl", "attachment; filename=train.jsonl", length), (
            content.Content.Headers.ContentType!.ToString(), content.Content.Headers.ContentDisposition!.ToString().Split("; filename*")[0],
            content.Content.Headers.ContentLength));
        var stored = await File.ReadAllBytesAsync(Assert.Single(learning.Stored().Except(before)));
        Assert.Equal(length + (16 * Math.Max(1, ((length - 1) / Chunk) + 1)), stored.Length); // A tag for each chunk.
        Assert.True(length < 16 || stored.AsSpan().IndexOf(bytes.AsSpan(0, 16)) < 0);
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=65535-65536", 65535, 65536)]
    [InlineData("bytes=131072-", 131072, 150000)]
    [InlineData("bytes=-5", 149996, 150000)]
    [InlineData("bytes=100-999999", 100, 150000)]
    public async Task A_range_of_a_content_is_sent_alone(string range, int from, int to)
    {
        var caller = LearningFixture.NewCaller();
        var bytes = RandomNumberGenerator.GetBytes(150_001);
        var file = await learning.CreateAsync(caller, bytes);
        using var request = LearningFixture.Request(caller, HttpMethod.Get, $"/v1/files/{Id(file)}/content");
        request.Headers.Range = RangeHeaderValue.Parse(range);

        using var response = await learning.Http.SendAsync(request);

        Assert.Equal(206, (int)response.StatusCode);
        Assert.Equal($"bytes {from}-{to}/150001", response.Content.Headers.ContentRange!.ToString());
        Assert.Equal(bytes[from..(to + 1)], await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_range_behind_the_end_is_refused()
    {
        var caller = LearningFixture.NewCaller();
        var file = await learning.CreateAsync(caller, [1, 2, 3]);
        using var request = LearningFixture.Request(caller, HttpMethod.Get, $"/v1/files/{Id(file)}/content");
        request.Headers.Range = RangeHeaderValue.Parse("bytes=3-");

        using var response = await learning.Http.SendAsync(request);

        Assert.Equal("range_not_satisfiable", (await LearningFixture.ErrorAsync(response, 416)).Code);
    }

    [Fact]
    public async Task Paging_visits_each_file_once_and_has_more_is_right()
    {
        var caller = LearningFixture.NewCaller();
        var made = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            made.Add(Id(await learning.CreateAsync(caller, [(byte)i], i % 2 == 0 ? "batch" : "evals")));
        }

        foreach (var (order, expected) in new[] { ("asc", made), ("desc", Enumerable.Reverse(made).ToList()) })
        {
            var (seen, after, more) = (new List<string>(), "", true);
            while (more)
            {
                var page = await ListAsync($"?limit=3&order={order}{after}");
                seen.AddRange(page.Ids);
                (more, after) = (page.HasMore, $"&after={page.Ids[^1]}");
                Assert.Equal(seen.Count < made.Count, more);
            }

            Assert.Equal(expected, seen);
        }

        Assert.Equal(3, (await ListAsync("?purpose=evals")).Ids.Count);
        Assert.Empty((await ListAsync("?purpose=batch_output")).Ids);
        Assert.Equal(Enumerable.Reverse(made), (await ListAsync("")).Ids);
        using var whole = await learning.SendAsync(caller, HttpMethod.Get, "/v1/files?limit=7");
        Assert.False((await LearningFixture.JsonAsync(whole, 200)).GetProperty("has_more").GetBoolean());

        async Task<(List<string> Ids, bool HasMore)> ListAsync(string query)
        {
            using var response = await learning.SendAsync(caller, HttpMethod.Get, "/v1/files" + query);
            var list = await LearningFixture.JsonAsync(response, 200);
            return ([.. list.GetProperty("data").EnumerateArray().Select(Id)], list.GetProperty("has_more").GetBoolean());
        }
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=10001", "limit")]
    [InlineData("limit=1.5", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("order=up", "order")]
    [InlineData("purpose=x", "purpose")]
    [InlineData("after=x", "after")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("before=x", "before")]
    public async Task A_bad_query_is_refused_by_name(string query, string param)
    {
        using var response = await learning.SendAsync(LearningFixture.NewCaller(), HttpMethod.Get, "/v1/files?" + query);

        Assert.Equal(param, (await LearningFixture.ErrorAsync(response, 400)).Param);
    }

    [Theory]
    [InlineData("assistants", "unsupported_value")]
    [InlineData("vision", "unsupported_value")]
    [InlineData("fine-tune-results", "unsupported_value")]
    [InlineData("x", "invalid_value")]
    [InlineData("", "invalid_value")]
    public async Task A_purpose_that_is_not_taken_is_refused_by_name(string purpose, string code)
    {
        using var response = await learning.SendAsync(
            LearningFixture.NewCaller(), HttpMethod.Post, "/v1/files", LearningFixture.Form([1], purpose));

        Assert.Equal((code, "purpose"), await CodeAndParamAsync(response, 400));
    }

    [Theory]
    [InlineData("expires_after[anchor]", "now", "expires_after[anchor]", "invalid_value")]
    [InlineData("expires_after[anchor]", "created_at", "expires_after[seconds]", "missing_required_parameter")]
    [InlineData("expires_after[seconds]", "3600", "expires_after[anchor]", "missing_required_parameter")]
    [InlineData("expires_after[seconds]", "3599", "expires_after[seconds]", "invalid_value")]
    [InlineData("expires_after[seconds]", "2592001", "expires_after[seconds]", "invalid_value")]
    [InlineData("expires_after[seconds]", "1e4", "expires_after[seconds]", "invalid_value")]
    [InlineData("purpose", "batch", "purpose", "duplicate_parameter")]
    [InlineData("model", "x", "model", "unknown_parameter")]
    [InlineData("file", "x", "file", "invalid_type")]
    public async Task A_bad_field_is_refused_by_name(string field, string value, string param, string code)
    {
        using var response = await learning.SendAsync(
            LearningFixture.NewCaller(), HttpMethod.Post, "/v1/files", LearningFixture.Form([1], "batch", "a.jsonl", (field, value)));

        Assert.Equal((code, param), await CodeAndParamAsync(response, 400));
        Assert.Empty(Directory.GetFiles(Path.Combine(learning.Folder, "incoming")));
    }

    [Fact]
    public async Task A_form_without_file_or_purpose_or_with_two_or_an_empty_file_leaves_nothing()
    {
        var before = learning.Stored();
        using var two = LearningFixture.Form([1], "batch");
        two.Add(new ByteArrayContent([2]), "file", "b.jsonl");
        using var fileless = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
        using var nameless = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
        nameless.Add(new ByteArrayContent([1]), "file", "a/");
        using var purposeAsFile = new MultipartFormDataContent { { new ByteArrayContent([1]), "purpose", "p" } };
        foreach (var (form, code, param) in new (HttpContent, string?, string?)[]
        {
            (two, "duplicate_parameter", "file"), (fileless, "missing_required_parameter", "file"),
            (LearningFixture.Form([1], null), "missing_required_parameter", "purpose"),
            (LearningFixture.Form([], "batch"), "invalid_value", "file"), (nameless, "invalid_value", "file"),
            (purposeAsFile, "invalid_type", "purpose"),
            (LearningFixture.Json("{}"), "unsupported_content_type", null),
        })
        {
            using var response = await learning.SendAsync(LearningFixture.NewCaller(), HttpMethod.Post, "/v1/files", form);

            Assert.Equal((code, param), await CodeAndParamAsync(response, code == "unsupported_content_type" ? 415 : 400));
        }

        Assert.Equal(before, learning.Stored());
    }

    [Fact]
    public async Task A_file_may_stand_before_its_purpose()
    {
        var caller = LearningFixture.NewCaller();
        using var form = new MultipartFormDataContent();
        form.Add(new ByteArrayContent("{}"u8.ToArray()), "file", "a.jsonl");
        form.Add(new StringContent("batch"), "purpose");

        using var response = await learning.SendAsync(caller, HttpMethod.Post, "/v1/files", form);

        Assert.Equal("{}"u8.ToArray(), await learning.DownloadAsync(caller, Id(await LearningFixture.JsonAsync(response, 200))));
    }

    [Theory]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("C:\\a\\b.jsonl", "b.jsonl")]
    [InlineData("ünï.jsonl", "ünï.jsonl")]
    public async Task A_name_is_a_text_and_no_path(string name, string kept)
    {
        var caller = LearningFixture.NewCaller();
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(
            "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
            + name.Replace("\\", "\\\\", StringComparison.Ordinal) + "\"\r\n\r\nx\r\n--b--\r\n"));
        body.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");

        using var response = await learning.SendAsync(caller, HttpMethod.Post, "/v1/files", body);
        var file = await LearningFixture.JsonAsync(response, 200);
        using var content = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{Id(file)}/content");

        Assert.Equal(kept, file.GetProperty("filename").GetString());
        var disposition = content.Content.Headers.ContentDisposition!;
        Assert.Equal(kept, disposition.FileNameStar ?? disposition.FileName!.Trim('"'));
    }

    [Fact]
    public async Task A_file_of_another_project_organization_or_none_gets_one_answer()
    {
        var mine = LearningFixture.NewCaller();
        var file = Id(await learning.CreateAsync(mine, [1, 2]));
        foreach (var other in new[] { mine with { ProjectId = Guid.NewGuid() }, LearningFixture.NewCaller() })
        {
            foreach (var (method, path) in new[] { ("GET", ""), ("DELETE", ""), ("GET", "/content"), ("GET", "/receipt") })
            {
                var texts = new List<string>();
                foreach (var id in new[] { file, $"file-{Guid.NewGuid():N}", "file-x", "x" })
                {
                    using var response = await learning.SendAsync(other, new HttpMethod(method), $"/v1/files/{id}{path}");
                    texts.Add((await LearningFixture.JsonAsync(response, 404)).ToString().Replace(id, "ID", StringComparison.Ordinal));
                }

                Assert.Single(texts.Distinct());
            }

            using var list = await learning.SendAsync(other, HttpMethod.Get, "/v1/files");
            Assert.Empty((await LearningFixture.JsonAsync(list, 200)).GetProperty("data").EnumerateArray());
        }

        Assert.Equal([1, 2], await learning.DownloadAsync(mine, file));
    }

    [Fact]
    public async Task A_deleted_file_is_gone_and_leaves_a_signed_receipt()
    {
        var caller = LearningFixture.NewCaller();
        var before = learning.Stored();
        var bytes = Encoding.UTF8.GetBytes("secret of somebody");
        var id = Id(await learning.CreateAsync(caller, bytes, name: "somebody.jsonl"));

        using var early = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/receipt");
        using var deleted = await learning.SendAsync(caller, HttpMethod.Delete, $"/v1/files/{id}");
        using var again = await learning.SendAsync(caller, HttpMethod.Delete, $"/v1/files/{id}");
        using var content = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/content");
        using var shown = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/receipt");

        Assert.Equal(404, (int)early.StatusCode);
        Assert.True((await LearningFixture.JsonAsync(deleted, 200)).GetProperty("deleted").GetBoolean());
        Assert.Equal((404, 404), ((int)again.StatusCode, (int)content.StatusCode));
        Assert.Equal(before, learning.Stored());
        var receipt = await LearningFixture.JsonAsync(shown, 200);
        Assert.Equal((bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)), $"key_{caller.KeyId:N}", "request", true), (
            receipt.GetProperty("bytes").GetInt64(), receipt.GetProperty("sha256").GetString(),
            receipt.GetProperty("deleted_by").GetString(), receipt.GetProperty("deleted_why").GetString(),
            receipt.GetProperty("content_removed").GetBoolean()));
        Assert.Equal(
            (true, ""), (
                await learning.ReadAsync<bool>("select wrapped_key is null from files where id = $1", Guid.ParseExact(id[5..], "N")),
                await learning.ReadAsync<string>("select name from files where id = $1", Guid.ParseExact(id[5..], "N"))));
        AssertSigned(receipt);
    }

    [Fact]
    public async Task A_request_without_a_caller_is_refused()
    {
        using var response = await learning.Http.GetAsync("/v1/files");

        Assert.Equal(400, (int)response.StatusCode);
    }

    /// <summary>The signature is that of the master key over the text, and the text has the facts.</summary>
    internal static void AssertSigned(JsonElement receipt)
    {
        var signature = receipt.GetProperty("signature");
        var text = signature.GetProperty("text").GetString()!;
        var signing = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, Convert.FromHexString("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), 32, [],
            "tollgate/learning/receipts"u8.ToArray());
        Assert.Equal(
            Convert.ToHexStringLower(HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(text))),
            signature.GetProperty("value").GetString());
        Assert.Contains(receipt.GetProperty("sha256").GetString()!, text, StringComparison.Ordinal);
        Assert.Contains(receipt.GetProperty("id").GetString()!, text, StringComparison.Ordinal);
    }

    private static async Task<(string?, string?)> CodeAndParamAsync(HttpResponseMessage response, int status)
    {
        var (code, param, _) = await LearningFixture.ErrorAsync(response, status);
        return (code, param);
    }

    private static string Id(JsonElement file) => file.GetProperty("id").GetString()!;
}
