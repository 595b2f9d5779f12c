using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Hostile pictures and recordings at the public door: each gets an answer or a 400 that names it, the worker lives on with the
/// memory that it had, and only what was answered is charged.</summary>
[Collection(SharedTollgate.Name)]
public sealed class HostileMediaTests(SharedTollgate shared)
{
    /// <summary>How much more memory a process may hold after another round of the same requests, MiB.</summary>
    private const long MostGrowthMiB = 64;

    /// <summary>What a runtime keeps for its next request fills up over some rounds, and a model that an earlier test imported may still
    /// load; a leak goes on in all rounds.</summary>
    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(1);

    [SharedFact(ImportedModels.ClassifierFolder)]
    public Task Pictures_are_refused_by_name_or_recognised() =>
        SendRoundsAsync("/v1/images/classifications", shared.Models.ClassifierAsync, "image", [.. HostileMedia.Pictures()]);

    [SharedFact(ImportedModels.WhisperFolder)]
    public Task Recordings_are_refused_by_name() =>
        SendRoundsAsync("/v1/audio/transcriptions", shared.Models.WhisperAsync, "file", [.. HostileMedia.Recordings()], mayPass: false);

    [SharedFact(ImportedModels.ClassifierFolder)]
    public async Task Bombs_are_decoded_one_after_the_other()
    {
        var model = await shared.Models.ClassifierAsync();
        var (bomb, worker) = (HostileMedia.Bomb(), shared.Running.Endpoints.Pids.Worker);
        using var client = shared.Running.Client();
        await client.SendAsync(HttpMethod.Post, "/v1/images/classifications", Form(model, "image", bomb));
        var before = Memory(worker);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(
            _ => client.SendAsync(HttpMethod.Post, "/v1/images/classifications", Form(model, "image", bomb))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.All(answers, answer => Assert.Equal(25_000_000, answer.Json.GetProperty("usage").GetProperty("pixels").GetInt64()));
        await Until.TrueAsync(
            () => Memory(worker) < before + MostGrowthMiB, "the memory of the pictures is given back", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_recording_above_25_megabytes_is_413_whatever_it_claims()
    {
        using var client = shared.Running.Client();

        var answer = await client.SendAsync(
            HttpMethod.Post, "/v1/audio/transcriptions", Form("whisper", "file", HostileMedia.Wav(14_000_000)));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Contains("26214400", answer.Error.Message, StringComparison.Ordinal);
    }

    private async Task SendRoundsAsync(
        string path, Func<Task<string>> import, string member, IReadOnlyList<(string What, byte[] File)> files, bool mayPass = true)
    {
        var (model, endpoints) = (await import(), shared.Running.Endpoints);
        var key = await shared.Running.Internal.CreateKeyAsync($"hostile {member}");
        using var client = shared.Running.Client(key.Text);

        var answers = new List<(string What, ApiAnswer Answer)>(await SendAsync(client, path, model, member, files));
        await Until.TrueAsync(
            async () =>
            {
                var before = (Worker: Memory(endpoints.Pids.Worker), Gateway: Memory(endpoints.Pids.AllInOne));
                answers.AddRange(await SendAsync(client, path, model, member, files));
                return Memory(endpoints.Pids.Worker) < before.Worker + MostGrowthMiB
                    && Memory(endpoints.Pids.AllInOne) < before.Gateway + MostGrowthMiB;
            },
            $"a round adds less than {MostGrowthMiB} MiB", MostTime);

        Assert.Equal("", string.Join('\n', answers.Where(one => !IsRefused(one.Answer, member) && !(mayPass && IsAnswered(one.Answer)))
            .Select(one => $"{one.What}: {(int)one.Answer.Status} {one.Answer.Body}").Distinct()));
        Assert.Equal(endpoints.Pids.Worker, shared.Running.Endpoints.Pids.Worker);
        var paid = answers.Where(one => IsAnswered(one.Answer)).Select(one => one.Answer.RequestId).ToHashSet();
        await Until.TrueAsync(
            async () => (await shared.Running.Books.OfKeyAsync(key.KeyId)).Where(row => row.Amount > 0).Select(row => row.RequestId)
                .ToHashSet().SetEquals(paid),
            "the answered ones are charged, and no other", TimeSpan.FromSeconds(30));
    }

    private static bool IsAnswered(ApiAnswer answer) => answer.Status == HttpStatusCode.OK;

    private static bool IsRefused(ApiAnswer answer, string member) =>
        answer.Status == HttpStatusCode.BadRequest && answer.Error.Param == member;

    private static async Task<IReadOnlyCollection<(string What, ApiAnswer Answer)>> SendAsync(
        ApiClient client, string path, string model, string member, IReadOnlyList<(string What, byte[] File)> files)
    {
        var answers = new ConcurrentBag<(string, ApiAnswer)>();
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (file, _) =>
            answers.Add((file.What, await client.SendAsync(HttpMethod.Post, path, Form(model, member, file.File)))));
        return answers;
    }

    private static MultipartFormDataContent Form(string model, string member, byte[] file) => new()
    {
        { new StringContent(model), "model" }, { new ByteArrayContent(file), member, "file" },
    };

    /// <summary>Resident memory of a process as the kernel counts it, MiB.</summary>
    private static long Memory(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
