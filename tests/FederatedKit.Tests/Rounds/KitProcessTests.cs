using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Tests.Runs;

namespace Tollgate.FederatedKit.Tests.Rounds;

/// <summary>The kit as the program that a participant runs.</summary>
public sealed class KitProcessTests(FederatedFixture fixture) : IClassFixture<FederatedFixture>
{
    [Fact]
    public async Task Three_processes_train_and_a_transcript_holds_every_byte_that_arrived_and_no_text()
    {
        fixture.Door.Bodies.Clear();
        var folder = TestFolder.Create("kit");
        string KeyFile(int number) => Path.Combine(folder, $"key{number}.pem");
        for (var number = 1; number <= 3; number++)
        {
            var shown = (await RunAsync("keys", KeyFile(number))).Succeeded();
            using var key = ParticipantKey.Open(KeyFile(number));
            Assert.Contains(Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), shown, StringComparison.Ordinal);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile(1)));
        var rows = SmallFile.Rows(90).ToArray();
        var model = await TinyBase.InstallAsync(rows.Select(row => row.Text));
        var from = await BaseModel.ReadAsync(model, default);
        await using var training = await TestTraining.CreateAsync(
            fixture, [.. Enumerable.Range(1, 3).Select(number => ParticipantKey.Open(KeyFile(number)))],
            new JsonObject { ["minimum"] = 3, ["rounds"] = 1, ["evaluation_rows"] = 20 },
            new FederatedBase("tiny", from.Hash, from.Width), "bad", "good", "unsure");
        for (var number = 1; number <= 3; number++)
        {
            await File.WriteAllLinesAsync(
                Path.Combine(folder, $"{number}.jsonl"),
                rows.Where((_, row) => row / 3 % 3 == number - 1).Select(
                    row => new JsonObject { ["text"] = row.Text, ["label"] = row.Label }.ToJsonString()));
        }

        var show = (await RunAsync([.. Join(1), "--only-show"])).Succeeded();
        var other = await RunAsync([.. Join(1), "--task", new string('0', 64)]);
        Assert.Contains($"SHA-256 of its task: {training.Task.Fingerprint()}", show, StringComparison.Ordinal);
        Assert.Contains("What stays here: texts, labels", show, StringComparison.Ordinal);
        Assert.Equal((1, ""), (other.ExitCode, other.Output));
        var runs = await Task.WhenAll(Enumerable.Range(1, 3).Select(number => RunAsync(Join(number))));

        Assert.All(runs, run => Assert.Contains("has ended: succeeded", run.Succeeded(), StringComparison.Ordinal));
        var transcript = await File.ReadAllTextAsync(Path.Combine(folder, "1.transcript"));
        var sent = fixture.Door.Bodies.Select(body => System.Text.Encoding.UTF8.GetString(body))
            .Where(body => body.Contains("\"participant\":1,", StringComparison.Ordinal)).ToArray();
        Assert.Equal(1 + (2 * 4), sent.Length); // To join, then four steps of the round and of the evaluation.
        Assert.All(sent, body => Assert.Contains(body, transcript, StringComparison.Ordinal));
        Assert.Equal(sent.Length, transcript.Split(" POST ").Length - 1);
        Assert.DoesNotContain("sk-test", transcript, StringComparison.Ordinal);
        Assert.DoesNotContain("phone", transcript, StringComparison.Ordinal);

        var exported = Path.Combine(folder, "model");
        var export = (await RunAsync(["export", .. Api(), "--model", model, "--out", exported])).Succeeded();
        Assert.Contains("no noise, so no epsilon", export, StringComparison.Ordinal);
        Assert.Equal("federated", JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(exported, "training.json")))
            .GetProperty("method").GetString());

        string[] Api() => ["--api", fixture.Door.Address.ToString(), "--job", training.Id];
        string[] Join(int number) =>
        [
            "join", .. Api(), "--identity", KeyFile(number), "--model", model, "--file", Path.Combine(folder, $"{number}.jsonl"),
            "--transcript", Path.Combine(folder, $"{number}.transcript"), "--pause", "0.05",
        ];
    }

    private static Task<ProgramRun> RunAsync(params string[] arguments) => ProgramRun.RunAsync(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "Tollgate.FederatedKit.dll"), .. arguments],
        new Dictionary<string, string> { ["TOLLGATE_API_KEY"] = "sk-test" }, patience: TimeSpan.FromMinutes(2));
}
