using System.Net.Sockets;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Storage;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Storage;

/// <summary>Files in a bucket, on npm's <c>s3rver</c>: a server of S3's protocol that checks signatures, over HTTP.</summary>
public sealed class BucketStoreTests(LearningFixture learning, BucketStoreTests.Bucket bucket)
    : IClassFixture<LearningFixture>, IClassFixture<BucketStoreTests.Bucket>
{
    [Theory]
    [InlineData(1)]
    [InlineData(200_000)]
    [InlineData(20_000_000)] // Three parts.
    public async Task A_file_goes_to_the_bucket_sealed_comes_back_and_goes(int length)
    {
        var (_, http) = await bucket.StartAsync(learning);
        var caller = LearningFixture.NewCaller();
        var bytes = RandomNumberGenerator.GetBytes(length);
        var before = await bucket.NamesAsync();

        var id = (await learning.CreateAsync(caller, bytes, http: http)).GetProperty("id").GetString()!;
        using var content = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{id}/content", http: http);
        using var request = LearningFixture.Request(caller, HttpMethod.Get, $"/v1/files/{id}/content");
        request.Headers.Range = new(length - 1, null);
        using var end = await http.SendAsync(request);
        var stored = Assert.Single((await bucket.NamesAsync()).Except(before));
        using var deleted = await learning.SendAsync(caller, HttpMethod.Delete, $"/v1/files/{id}", http: http);

        Assert.Equal(bytes, await content.Content.ReadAsByteArrayAsync());
        Assert.Equal(bytes[^1..], await end.Content.ReadAsByteArrayAsync());
        Assert.StartsWith("tollgate/", stored, StringComparison.Ordinal);
        Assert.Equal(before, await bucket.NamesAsync());
    }

    [Fact]
    public async Task Contents_that_were_not_finished_leave_nothing_and_a_missing_one_is_damaged()
    {
        var (app, _) = await bucket.StartAsync(learning);
        var contents = app.Services.GetRequiredService<ContentStore>();
        var before = await bucket.NamesAsync();
        await using (var writer = await contents.CreateAsync(default))
        {
            await writer.WriteAsync(new byte[20_000_000], default);
        }

        Assert.Equal(before, await bucket.NamesAsync());
        SealedContent content;
        await using (var writer = await contents.CreateAsync(default))
        {
            await writer.WriteAsync(new byte[] { 1 }, default);
            content = await writer.FinishAsync(default);
        }

        await contents.RemoveAsync(content.Blob, default);
        await contents.RemoveAsync(content.Blob, default); // Twice is no fault.
        await Assert.ThrowsAsync<DamagedContentException>(
            () => contents.OpenAsync(content.Blob, content.WrappedKey, content.Bytes, 0, default));
    }

    [Fact]
    public async Task The_store_lists_what_is_older_than_an_instant()
    {
        var (app, _) = await bucket.StartAsync(learning);
        var (contents, store) = (app.Services.GetRequiredService<ContentStore>(), app.Services.GetRequiredService<IBlobStore>());
        await using var writer = await contents.CreateAsync(default);
        await writer.WriteAsync(new byte[] { 1 }, default);
        var content = await writer.FinishAsync(default);
        var now = TimeProvider.System.GetUtcNow();

        Assert.Contains(content.Blob, await store.ListAsync(now.AddMinutes(1), default).ToListAsync());
        Assert.DoesNotContain(content.Blob, await store.ListAsync(now.AddMinutes(-1), default).ToListAsync());
    }

    /// <summary>The server, with an empty bucket.</summary>
    public sealed class Bucket : IAsyncLifetime
    {
        private const string Secret = "S3RVER"; // The server's own, for both halves.
        private readonly int _port = FreePort.Next();
        private ChildProcess? _server;

        public async Task InitializeAsync()
        {
            var server = Path.Combine(SharedFiles.Repository, "node_modules", "s3rver", "bin", "s3rver.js");
            _server = await ChildProcess.StartAsync(new ChildSpec(
                "s3rver",
                ["node", server, "-d", TestFolder.Create("s3"), "-p", $"{_port}", "-a", "127.0.0.1", "--configure-bucket", "files"],
                new Dictionary<string, string>(), Path.Combine(TestFolder.Create("s3log"), "log")));
            await Until.TrueAsync(
                async () =>
                {
                    using var client = new TcpClient();
                    try
                    {
                        await client.ConnectAsync("127.0.0.1", _port);
                        return true;
                    }
                    catch (SocketException)
                    {
                        return false;
                    }
                },
                "s3rver listens: run npm ci when it is not installed", TimeSpan.FromSeconds(30));
        }

        public async Task DisposeAsync()
        {
            await _server!.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(5));
            _server.Dispose();
        }

        public Task<(Microsoft.AspNetCore.Builder.WebApplication App, HttpClient Http)> StartAsync(LearningFixture learning) =>
            learning.StartAsync(
                "--Storage:Folder=", "--Storage:Bucket=files", $"--Storage:Endpoint=http://127.0.0.1:{_port}",
                $"--Storage:AccessKey={Secret}", $"--Storage:SecretKey={Secret}");

        public async Task<IReadOnlyList<string>> NamesAsync()
        {
            using var client = new AmazonS3Client(
                new BasicAWSCredentials(Secret, Secret),
                new AmazonS3Config { ServiceURL = $"http://127.0.0.1:{_port}", ForcePathStyle = true });
            var page = await client.ListObjectsV2Async(new() { BucketName = "files" });
            return [.. (page.S3Objects ?? []).Select(one => one.Key)];
        }
    }
}
