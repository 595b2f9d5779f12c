using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Learning.Housekeeping;
using Tollgate.Learning.Tests.Responses;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests;

/// <summary>Learning as a process of its own: killed in the middle, and under a large file.</summary>
public sealed class KillTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    [Fact]
    public async Task A_kill_in_the_middle_of_a_file_leaves_no_file_and_no_bytes_that_count()
    {
        var (caller, before) = (LearningFixture.NewCaller(), learning.Stored());
        var (process, http) = await StartAsync();
        var killed = new TaskCompletionSource();
        var form = new HeldContent(
            Encoding.ASCII.GetBytes(
                "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
                + $"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{new string('x', 300_000)}"),
            "\r\n--b--\r\n"u8.ToArray(), killed.Task);
        var sending = learning.SendAsync(caller, HttpMethod.Post, "/v1/files", form, http);
        await Until.TrueAsync(
            () => learning.Stored().Except(before).Any(path => new FileInfo(path).Length > 100_000), "a part of the file has come");

        await process.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
        killed.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);

        var left = Assert.Single(learning.Stored().Except(before));
        using var list = await learning.SendAsync(caller, HttpMethod.Get, "/v1/files");
        Assert.Empty((await LearningFixture.JsonAsync(list, 200)).GetProperty("data").EnumerateArray());
        Assert.Equal(0, await learning.ReadAsync<long>("select count(*) from files where organization_id = $1", caller.OrganizationId));
        File.SetLastWriteTimeUtc(left, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        await learning.App.Services.GetRequiredService<StoreSweep>().RunOnceAsync(default);
        Assert.Equal(before, learning.Stored());
        http.Dispose();
        process.Dispose();
    }

    [Fact]
    public async Task A_file_that_was_answered_survives_a_kill()
    {
        var caller = LearningFixture.NewCaller();
        var (process, http) = await StartAsync();
        var id = (await learning.CreateAsync(caller, [1, 2, 3], http: http)).GetProperty("id").GetString()!;

        await process.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));

        Assert.Equal([1, 2, 3], await learning.DownloadAsync(caller, id));
        http.Dispose();
        process.Dispose();
    }

    [Fact]
    public async Task A_response_that_was_answered_survives_a_kill_and_no_other_is_kept_in_part()
    {
        var (process, http) = await StartAsync();
        var bench = new ResponseBench(learning, http);
        var left = new ResponseBench(learning) { Caller = bench.Caller };
        var answered = new ConcurrentBag<string>();
        var sending = Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                while (true)
                {
                    answered.Add(await bench.KeepAsync("q", new string('a', 100_000)));
                }
            }
            catch (HttpRequestException)
            {
                return;
            }
        }).ToList();
        await Until.TrueAsync(() => answered.Count > 40, "some responses are kept");

        await process.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
        await Task.WhenAll(sending);

        foreach (var id in answered)
        {
            using var shown = await left.RetrieveAsync(id);
            await LearningFixture.JsonAsync(shown, 200);
        }

        var (responses, bytes) = await left.CountAsync();
        Assert.InRange(responses, answered.Count, answered.Count + 8); // What was committed, and not answered any more.
        Assert.Equal(responses, await learning.ReadAsync<long>(
            "select count(*) from responses where organization_id = $1", left.Caller.OrganizationId));
        Assert.Equal(bytes, await learning.ReadAsync<long>(
            "select sum(bytes)::bigint from responses where organization_id = $1", left.Caller.OrganizationId));
        http.Dispose();
        process.Dispose();
    }

    [Fact]
    public async Task Memory_does_not_grow_with_a_file()
    {
        const int Megabytes = 200;
        var caller = LearningFixture.NewCaller();
        var (process, http) = await StartAsync();
        await learning.CreateAsync(caller, new byte[1_000_000], http: http);
        var before = PeakMegabytes(process.Id);

        using var response = await learning.SendAsync(caller, HttpMethod.Post, "/v1/files", new LargeForm(Megabytes), http);
        var file = await LearningFixture.JsonAsync(response, 200);
        using var content = await learning.SendAsync(
            caller, HttpMethod.Get, $"/v1/files/{file.GetProperty("id").GetString()}/content", http: http);
        await content.Content.CopyToAsync(Stream.Null);

        Assert.Equal(Megabytes * 1024L * 1024, file.GetProperty("bytes").GetInt64());
        Assert.InRange(PeakMegabytes(process.Id) - before, 0, Megabytes / 2);
        await process.StopAsync(ChildSignal.Terminate, TimeSpan.FromSeconds(40));
        http.Dispose();
        process.Dispose();
    }

    private static long PeakMegabytes(int id) => long.Parse(
        File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    private async Task<(ChildProcess Process, HttpClient Http)> StartAsync()
    {
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        var log = Path.Combine(TestFolder.Create("learning"), "log");
        var process = await ChildProcess.StartAsync(new ChildSpec(
            "learning",
            [
                "dotnet", Path.Combine(AppContext.BaseDirectory, "Tollgate.Learning.dll"),
                .. learning.Arguments().Skip(1), $"--Listen:Internal={address}",
            ],
            new Dictionary<string, string>(), log));
        var http = new HttpClient
        {
            BaseAddress = new Uri(address),
            DefaultRequestHeaders = { Authorization = TestBearers.Header("gateway", "learning") },
        };
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    return (await http.GetAsync("/health/ready")).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"learning is ready; see {log}", TimeSpan.FromSeconds(60));
        return (process, http);
    }

    /// <summary>A form with a file of many zeros.</summary>
    private sealed class LargeForm : HttpContent
    {
        private readonly int _megabytes;

        public LargeForm(int megabytes)
        {
            _megabytes = megabytes;
            Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_data\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"));
            var megabyte = new byte[1024 * 1024];
            for (var i = 0; i < _megabytes; i++)
            {
                await stream.WriteAsync(megabyte);
            }

            await stream.WriteAsync("\r\n--b--\r\n"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
