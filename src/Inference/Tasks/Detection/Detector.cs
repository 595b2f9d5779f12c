using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>A loaded object detector. Thread-safe; an organization's runs go one at a time, two organizations' at once.</summary>
internal sealed class Detector : IDisposable
{
    private readonly InferenceSession _session;

    private Detector(
        InstalledModel installed, ModelDetection detection, IReadOnlyList<string> labels, InferenceSession session, FairTurns turns)
    {
        (Installed, Detection, Labels) = (installed, detection, labels);
        (_session, Turns) = (session, turns);
    }

    public InstalledModel Installed { get; }

    public ModelDetection Detection { get; }

    /// <summary>Names of the labels by index.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Who runs next.</summary>
    public FairTurns Turns { get; }

    /// <summary>Verifies the version's files, loads it and runs it once.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is of another task.</exception>
    /// <exception cref="ModelRunException">The model does not run.</exception>
    public static async Task<Detector> LoadAsync(
        InstalledModel installed, SessionFactory sessions, QuietOrganizations quiet, QueueOptions queue,
        CancellationToken cancellationToken)
    {
        var manifest = installed.Manifest;
        var detection = ModelDetection.Of(manifest)
            ?? throw new ModelImportException($"The model '{manifest.Name}' {manifest.Version} is not an object detector.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        using var config = JsonDocument.Parse(await File.ReadAllBytesAsync(installed.PathOf(LabelConfig.FileName), cancellationToken));
        var labels = LabelConfig.Read(config.RootElement).RequiredNames;
        var turns = new FairTurns(new QueuePlaces(queue.QueueLength, queue.QueueLengthPerOrganization), quiet, TimeProvider.System);
        var detector = new Detector(installed, detection, labels, sessions.Open(installed.PathOf(manifest.Graph)), turns);
        try
        {
            await Task.Run(() => detector.Run(new float[3 * detection.Width * detection.Height]), cancellationToken);
            return detector;
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    /// <remarks>A run has one picture.</remarks>
    public Task WarmUpAsync(CancellationToken cancellationToken) => WarmUpRun.RunAsync(
        options =>
        {
            using var picture = WarmUpPicture.Decode();
            Choose(DetectionRows.Run(_session, Detection, Fit(picture).Pixels, options), Detection.Threshold);
        },
        cancellationToken);

    /// <summary>Decodes and fits the pictures of a request that has its place in the line. Nothing is run.</summary>
    /// <inheritdoc cref="PictureRun.FitAsync"/>
    public Task<OrRefusal<IReadOnlyList<FittedPicture>>> FitAsync(
        IReadOnlyList<PictureInput> pictures, FairTurns.Place place, CancellationToken cancellationToken) =>
        PictureRun.FitAsync(pictures, place, Fit, cancellationToken);

    /// <summary>Finds the objects of a fitted picture.</summary>
    /// <param name="threshold">Lowest score; null for the model's own.</param>
    /// <param name="ran">Called when the run is done. A run that has begun is not stopped, so that what was computed is known.</param>
    /// <returns>Best first; the boxes in pixels of the picture.</returns>
    /// <exception cref="ModelRunException">The model fails.</exception>
    public async Task<IReadOnlyList<FoundObject>> DetectAsync(
        FittedPicture picture, double? threshold, FairTurns.Place place, Action ran, CancellationToken cancellationToken)
    {
        float[] rows;
        using (var turn = await place.TakeTurnAsync(cancellationToken))
        {
            try
            {
                rows = await Task.Run(() => Run(picture.Pixels));
            }
            finally
            {
                ran();
                turn.Charge(1);
            }
        }

        var (across, down) = ((float)picture.Width / Detection.Width, (float)picture.Height / Detection.Height);
        return [.. Choose(rows, threshold ?? Detection.Threshold).Select(found => found with { Box = found.Box.Scale(across, down) })];
    }

    public void Dispose() => _session.Dispose();

    private float[] Run(float[] pixels)
    {
        using var options = new RunOptions();
        return DetectionRows.Run(_session, Detection, pixels, options);
    }

    private FittedPicture Fit(Picture picture) => new(
        PictureSampler.Sample(picture, Detection.Width, Detection.Height), picture.Width, picture.Height);

    /// <summary>The rows that reach the threshold, best first and of equal scores the first; without those that a better one of their
    /// label covers.</summary>
    private List<FoundObject> Choose(float[] rows, double threshold)
    {
        var chosen = new List<FoundObject>();
        foreach (var row in rows.Chunk(ModelDetection.RowLength).Where(row => row[4] >= threshold).OrderByDescending(row => row[4]))
        {
            var label = (int)row[5];
            if (label != row[5] || label < 0 || label >= Labels.Count)
            {
                throw new ModelRunException($"it named the label {row[5]} of {Labels.Count}.");
            }

            var found = new FoundObject(label, Labels[label], row[4], new ObjectBox(row[0], row[1], row[2], row[3]));
            if (!chosen.Exists(better => better.Index == label && better.Box.Overlap(found.Box) >= Detection.Overlap))
            {
                chosen.Add(found);
            }
        }

        return chosen;
    }
}

/// <summary>A picture as a detector reads it.</summary>
/// <param name="Pixels">What <see cref="PictureSampler"/> made of it.</param>
/// <param name="Width">Of the upright picture, pixels.</param>
/// <param name="Height">Of the upright picture, pixels.</param>
internal sealed record FittedPicture(float[] Pixels, int Width, int Height);
