using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Runs;

/// <summary>The checkpoints of one training in a folder: <c>step-NNNNNNNN/state</c> and <c>run.json</c>, and <c>best-NNNNNNNN</c>, the
/// state of the best epoch. A checkpoint appears whole or not at all; the last two are kept.</summary>
/// <param name="key">Names files and settings: only checkpoints of the same ones are read.</param>
internal sealed class Checkpoints(string folder, string key)
{
    private const string Prefix = "step-";
    private const string BestPrefix = "best-";
    private const string StateName = "state";
    private const string RunName = "run.json";
    private const int Kept = 2;

    /// <summary>Step of the newest checkpoint in a folder, sound or not; 0 without one.</summary>
    public static long NewestStep(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateDirectories(folder, $"{Prefix}*")
            .Select(path => long.TryParse(Path.GetFileName(path)[Prefix.Length..], out var step) ? step : 0).DefaultIfEmpty(0).Max()
        : 0;

    /// <summary>Writes where the training is.</summary>
    /// <param name="lossSum">Sum of the losses of the present epoch's steps.</param>
    public void Write(Trainer trainer, IReadOnlyList<EpochMetrics> epochs, long? best, double lossSum)
    {
        Directory.CreateDirectory(folder);
        var target = PathOf(Prefix, trainer.Step);
        if (Directory.Exists(target))
        {
            return;
        }

        var draft = Path.Combine(folder, $".new-{Guid.NewGuid():N}");
        Directory.CreateDirectory(draft);
        trainer.Save(Path.Combine(draft, StateName));
        using (var file = new FileStream(Path.Combine(draft, RunName), FileMode.CreateNew))
        {
            JsonSerializer.Serialize(file, new CheckpointRecord(key, epochs, best, lossSum), CheckpointJson.Default.CheckpointRecord);
            file.Flush(flushToDisk: true);
        }

        Directory.Move(draft, target);
        Clean(best);
    }

    /// <summary>Writes the state of the best epoch, to which the training may return.</summary>
    public void WriteBest(Trainer trainer)
    {
        Directory.CreateDirectory(folder);
        trainer.Save(PathOf(BestPrefix, trainer.Step));
    }

    /// <summary>Returns to the best epoch.</summary>
    public void RestoreBest(Trainer trainer, long step) => trainer.Restore(PathOf(BestPrefix, step));

    /// <summary>Goes on from the last sound checkpoint; a damaged one is passed over.</summary>
    /// <returns>What was written with it; null where there is none.</returns>
    /// <exception cref="OtherCheckpointsException">The folder holds checkpoints of another run.</exception>
    public CheckpointRecord? Restore(Trainer trainer)
    {
        foreach (var checkpoint in Steps())
        {
            try
            {
                using var file = File.OpenRead(Path.Combine(checkpoint, RunName));
                var record = JsonSerializer.Deserialize(file, CheckpointJson.Default.CheckpointRecord);
                if (record?.Key != key)
                {
                    throw new OtherCheckpointsException(folder);
                }

                if (record.Best is { } best && !File.Exists(PathOf(BestPrefix, best)))
                {
                    continue;
                }

                trainer.Restore(Path.Combine(checkpoint, StateName));
                return record;
            }
            catch (Exception exception) when (exception is IOException or InvalidDataException or JsonException)
            {
                continue;
            }
        }

        return null;
    }

    private string[] Steps() => Directory.Exists(folder)
        ? [.. Directory.EnumerateDirectories(folder, $"{Prefix}*").OrderDescending(StringComparer.Ordinal)]
        : [];

    private void Clean(long? best)
    {
        foreach (var old in Steps().Skip(Kept).Concat(Directory.EnumerateDirectories(folder, ".new-*")))
        {
            Directory.Delete(old, recursive: true);
        }

        foreach (var old in Directory.EnumerateFiles(folder, $"{BestPrefix}*").Order(StringComparer.Ordinal).SkipLast(Kept))
        {
            if (best is null || old != PathOf(BestPrefix, best.Value))
            {
                File.Delete(old);
            }
        }
    }

    private string PathOf(string prefix, long step) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{prefix}{step:D8}"));
}

/// <summary>What a checkpoint holds besides the trainer's state.</summary>
/// <param name="Epochs">Measured so far.</param>
/// <param name="Best">Step of the best epoch; null where none is looked for.</param>
/// <param name="LossSum">Of the steps of the epoch that has not ended.</param>
internal sealed record CheckpointRecord(string Key, IReadOnlyList<EpochMetrics> Epochs, long? Best, double LossSum);

[JsonSerializable(typeof(CheckpointRecord))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
