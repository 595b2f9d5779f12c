using System.CommandLine;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;
using Tollgate.FederatedKit.Local;
using Tollgate.FederatedKit.Wire;

namespace Tollgate.FederatedKit.Rounds;

/// <summary><c>join</c>: takes part in a training to its end.</summary>
internal static class JoinCommand
{
    private static readonly Option<FileInfo> KeyFile =
        new("--identity") { Description = "Your key, of the verb keys.", Required = true };

    private static readonly Option<DirectoryInfo> Model =
        new("--model") { Description = "Folder of the installed base model, such as models/NAME/1.", Required = true };

    private static readonly Option<FileInfo> Data = new("--file") { Description = "Your examples, JSONL or CSV.", Required = true };
    private static readonly Option<string?> TaskHash = new("--task") { Description = "SHA-256 that the task must have." };
    private static readonly Option<FileInfo?> TranscriptFile =
        new("--transcript") { Description = "Receives every byte that is sent (JOB.transcript)." };

    private static readonly Option<bool> OnlyShow = new("--only-show") { Description = "State what would be sent, and send nothing." };
    private static readonly Option<int> Threads = new("--threads") { Description = "Threads (1).", DefaultValueFactory = _ => 1 };
    private static readonly Option<double> Pause =
        new("--pause") { Description = "Seconds between two looks at the training (2).", DefaultValueFactory = _ => 2 };

    public static Command Create()
    {
        var command = new Command("join", "Takes part in a training with the rows of a file, which stay on this machine.")
        {
            ApiOptions.Address, ApiOptions.KeyFile, ApiOptions.Job, KeyFile, Model, Data, TaskHash, TranscriptFile, OnlyShow, Threads,
            Pause,
        };
        command.SetAction((parsed, cancellationToken) => KitErrors.Run(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (job, pause) = (parsed.GetRequiredValue(ApiOptions.Job), TimeSpan.FromSeconds(parsed.GetValue(Pause)));
        var transcript = parsed.GetValue(TranscriptFile)?.FullName ?? Path.GetFullPath($"{job}.transcript");
        using var identity = ParticipantKey.Open(parsed.GetRequiredValue(KeyFile).FullName);
        using var http = ApiOptions.Connect(parsed, new Transcript(transcript, new SocketsHttpHandler()));
        var api = new FederatedApi(http, job, pause);
        var task = (await api.RoundAsync(participant: 1, cancellationToken)).Task;
        if (parsed.GetValue(TaskHash) is { } expected && expected != task.Fingerprint())
        {
            throw new KitException($"The task has the SHA-256 {task.Fingerprint()}, not {expected}.");
        }

        var number = ParticipantKey.NumberIn(task, identity);
        Console.WriteLine(PlainWords.Of(task, number));
        Console.WriteLine($"Every byte that is sent is written to {transcript}.");
        if (parsed.GetValue(OnlyShow))
        {
            return 0;
        }

        var layer = await SharedLayer.OpenAsync(
            parsed.GetRequiredValue(Model).FullName, task, parsed.GetValue(Threads), cancellationToken);
        var rows = await LocalRows.ReadAsync(
            layer.Base, task, parsed.GetRequiredValue(Data).FullName, parsed.GetValue(Threads), cancellationToken);
        Console.WriteLine($"Trains on {rows.Set.Train.Length} rows, holds out {rows.Set.HeldOut.Length}.");
        using var participation = new Participation(
            task, new ParticipantSettings(number, identity, new RoundMemory($"{parsed.GetRequiredValue(KeyFile).FullName}.rounds"), pause),
            api, new LocalWork(task, layer, rows), Console.WriteLine);
        return Describe(await participation.RunAsync(cancellationToken));
    }

    private static int Describe(FederatedRound end)
    {
        Console.WriteLine($"The training has ended: {end.Status.ToString().ToLowerInvariant()}. {end.Error}".TrimEnd());
        return end.Status == FederatedStatus.Succeeded ? 0 : 1;
    }
}
