using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Text.Json;
using OpenAI;
using OpenAI.Files;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Files and uploads with the official clients and curl, through the gateway to Learning.</summary>
[Collection(SharedTollgate.Name)]
public sealed class FileClientTests(SharedTollgate shared)
{
    [Fact]
    public async Task The_npm_client_sends_lists_reads_and_deletes_files_and_uploads()
    {
        var path = Path.Combine(TestFolder.Create("lines"), "train.jsonl");
        await File.WriteAllLinesAsync(path, Enumerable.Range(0, 20_000).Select(
            i => $$"""{"text": "number {{i}}", "label": "{{(i % 2 == 0 ? "even" : "odd")}}"}"""));
        var run = await ProgramRun.RunAsync(
            "node", [Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "files.mjs")],
            new Dictionary<string, string>
            {
                ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
                ["TOLLGATE_KEY"] = shared.Running.FirstKey,
                ["TOLLGATE_FILE"] = path,
            });

        var seen = JsonElement.Parse(run.Succeeded());

        var made = seen.GetProperty("made").EnumerateArray().ToList();
        Assert.All(made, file => Assert.Equal(("file", "processed", "train.jsonl", new FileInfo(path).Length), (
            Text(file, "object"), Text(file, "status"), Text(file, "filename"), file.GetProperty("bytes").GetInt64())));
        var listed = seen.GetProperty("listed").EnumerateArray().Select(id => id.GetString()).ToList();
        Assert.Equal(listed.Count, listed.Distinct().Count());
        Assert.Superset(made.Select(file => Text(file, "id")).ToHashSet(), listed.ToHashSet());
        Assert.Equal(Text(seen, "bytesHash"), Text(seen, "contentHash"));
        Assert.Equal(Text(seen, "bytesHash"), Text(seen, "assembledHash"));
        var expiring = seen.GetProperty("expiring");
        Assert.Equal(3600, expiring.GetProperty("expires_at").GetInt64() - expiring.GetProperty("created_at").GetInt64());
        Assert.Equal(("pending", "completed", "cancelled"), (
            Text(seen.GetProperty("upload"), "status"), Text(seen.GetProperty("completed"), "status"),
            Text(seen.GetProperty("cancelled"), "status")));
        Assert.True(seen.GetProperty("deleted").GetProperty("deleted").GetBoolean());
        Assert.Equal(("NotFoundError", 404), Failure(seen, "gone"));
        Assert.Equal(("BadRequestError", 400), Failure(seen, "vision"));
        Assert.Equal(("purpose", "limit"), (
            Text(seen.GetProperty("vision"), "param"), Text(seen.GetProperty("limit"), "param")));
    }

    [Fact]
    public async Task The_dotnet_client_sends_lists_reads_and_deletes_files()
    {
        var client = new OpenAIFileClient(
            new ApiKeyCredential(shared.Running.FirstKey),
            new OpenAIClientOptions
            {
                Endpoint = new Uri(shared.Running.Endpoints.ApiBase),
                RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            });
        var bytes = BinaryData.FromBytes(new byte[100_000]);

        var file = (await client.UploadFileAsync(bytes, "a.jsonl", FileUploadPurpose.FineTune)).Value;
        var shown = (await client.GetFileAsync(file.Id)).Value;
        var content = (await client.DownloadFileAsync(file.Id)).Value;
        var listed = (await client.GetFilesAsync(FilePurpose.FineTune)).Value;
        var deleted = (await client.DeleteFileAsync(file.Id)).Value;
        var exception = await Assert.ThrowsAsync<ClientResultException>(() => client.GetFileAsync(file.Id));

        Assert.Equal(("a.jsonl", 100_000, FilePurpose.FineTune), (shown.Filename, shown.SizeInBytes, shown.Purpose));
        Assert.Equal(bytes.ToArray(), content.ToArray());
        Assert.Contains(listed, one => one.Id == file.Id);
        Assert.True(deleted.Deleted);
        Assert.Equal(404, exception.Status);
    }

    [Fact]
    public async Task Curl_sends_a_large_file_and_reads_it_back()
    {
        var folder = TestFolder.Create("curl");
        var (sent, read) = (Path.Combine(folder, "sent.bin"), Path.Combine(folder, "read.bin"));
        await File.WriteAllBytesAsync(sent, new byte[20_000_000]);

        var (status, body) = await CurlAsync("-F", "purpose=user_data", "-F", $"file=@{sent}", Url("/v1/files"));
        var file = JsonElement.Parse(body);
        Assert.Equal(200, status);
        var id = Text(file, "id");
        var (got, _) = await CurlAsync("-o", read, Url($"/v1/files/{id}/content"));
        var (deleted, _) = await CurlAsync("-X", "DELETE", Url($"/v1/files/{id}"));
        var (_, receipt) = await CurlAsync(Url($"/v1/files/{id}/receipt"));

        Assert.Equal((200, 200), (got, deleted));
        Assert.Equal(await File.ReadAllBytesAsync(sent), await File.ReadAllBytesAsync(read));
        Assert.Equal(20_000_000, JsonElement.Parse(receipt).GetProperty("bytes").GetInt64());
    }

    private string Url(string path) => shared.Running.Endpoints.Api + path;

    private async Task<(int Status, string Body)> CurlAsync(params string[] arguments)
    {
        var run = await ProgramRun.RunAsync(
            "curl", ["-sS", "-w", "\n%{http_code}", "-H", $"Authorization: Bearer {shared.Running.FirstKey}", .. arguments]);
        var output = run.Succeeded();
        var end = output.LastIndexOf('\n');
        return (int.Parse(output[(end + 1)..], CultureInfo.InvariantCulture), output[..end]);
    }

    private static string? Text(JsonElement element, string member) => element.GetProperty(member).GetString();

    private static (string?, int) Failure(JsonElement seen, string name) =>
        (Text(seen.GetProperty(name), "class"), seen.GetProperty(name).GetProperty("status").GetInt32());
}
