using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>A loaded image classifier. Thread-safe; an organization's runs go one at a time, two organizations' at once.</summary>
internal sealed class ImageClassifier : IDisposable
{
    /// <summary>Most pictures of one run. Larger runs gain little on a CPU and make others wait.</summary>
    private const int PicturesPerRun = 8;

    private readonly InferenceSession _session;
    private readonly ClassifierRun _run;

    private ImageClassifier(
        InstalledModel installed, ModelImageClassification classification, IReadOnlyList<string> labels, InferenceSession session,
        FairTurns turns)
    {
        (Installed, Labels, Turns) = (installed, labels, turns);
        (_session, Classification) = (session, classification);
        _run = new ClassifierRun(session, classification.Preparation, labels.Count);
    }

    public InstalledModel Installed { get; }

    public ModelImageClassification Classification { get; }

    /// <summary>Names of the labels by index.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Who runs next.</summary>
    public FairTurns Turns { get; }

    /// <summary>Verifies the version's files, loads it and runs it once.</summary>
    /// <param name="queue">Its queue; null for the defaults.</param>
    /// <exception cref="ModelImportException">The version is damaged, or is of another task.</exception>
    /// <exception cref="ModelRunException">The model does not run.</exception>
    public static async Task<ImageClassifier> LoadAsync(
        InstalledModel installed, SessionFactory sessions, QuietOrganizations quiet, CancellationToken cancellationToken,
        QueueOptions? queue = null)
    {
        var manifest = installed.Manifest;
        var classification = ModelImageClassification.Of(manifest)
            ?? throw new ModelImportException($"The model '{manifest.Name}' {manifest.Version} is not an image classifier.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        using var config = JsonDocument.Parse(await File.ReadAllBytesAsync(installed.PathOf(LabelConfig.FileName), cancellationToken));
        queue ??= new QueueOptions();
        var turns = new FairTurns(new QueuePlaces(queue.QueueLength, queue.QueueLengthPerOrganization), quiet, TimeProvider.System);
        var labels = LabelConfig.Read(config.RootElement).RequiredNames;
        var model = new ImageClassifier(installed, classification, labels, sessions.Open(installed.PathOf(manifest.Graph)), turns);
        try
        {
            var preparation = classification.Preparation;
            await Task.Run(() => model.Run([new byte[preparation.Width * preparation.Height * Picture.BytesPerPixel]]), cancellationToken);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    public Task WarmUpAsync(CancellationToken cancellationToken) => WarmUpRun.RunAsync(
        options =>
        {
            using var picture = WarmUpPicture.Decode();
            var fitted = Classification.Preparation.Fit(picture);
            _run.Run([fitted], options);
            if (Installed.Manifest.Batching)
            {
                _run.Run([.. Enumerable.Repeat(fitted, PicturesPerRun)], options);
            }
        },
        cancellationToken);

    /// <summary>Decodes and fits the pictures of a request that has its place in the line. Nothing is run.</summary>
    /// <inheritdoc cref="PictureRun.FitAsync"/>
    public Task<OrRefusal<IReadOnlyList<byte[]>>> FitAsync(
        IReadOnlyList<PictureInput> pictures, FairTurns.Place place, CancellationToken cancellationToken) =>
        PictureRun.FitAsync(pictures, place, Classification.Preparation.Fit, cancellationToken);

    /// <summary>Fits a picture that no file holds.</summary>
    /// <exception cref="DisplacedException">The place was given to another organization's request.</exception>
    public async Task<byte[]> FitAsync(RawPicture raw, FairTurns.Place place, CancellationToken cancellationToken)
    {
        using var turn = await place.TakeTurnAsync(cancellationToken);
        turn.Charge(1 + (raw.Width * raw.Height / PictureRun.PixelsPerCharge));
        return await Task.Run(
            () =>
            {
                using var picture = Picture.Of(raw.Pixels, raw.Width, raw.Height);
                return Classification.Preparation.Fit(picture);
            },
            cancellationToken);
    }

    /// <summary>Classifies fitted pictures, several in a run where that changes no result.</summary>
    /// <param name="ran">Receives the pictures of each run that is done. A run that has begun is not stopped, so that what was computed is
    /// known.</param>
    /// <returns>The logits of each picture.</returns>
    /// <exception cref="ModelRunException">The model fails.</exception>
    public async Task<IReadOnlyList<float[]>> ClassifyAsync(
        IReadOnlyList<byte[]> fitted, FairTurns.Place place, Action<int> ran, CancellationToken cancellationToken)
    {
        var logits = new List<float[]>(fitted.Count);
        foreach (var batch in fitted.Chunk(Installed.Manifest.Batching ? PicturesPerRun : 1))
        {
            using var turn = await place.TakeTurnAsync(cancellationToken);
            try
            {
                logits.AddRange(await Task.Run(() => Run(batch)));
            }
            finally
            {
                ran(batch.Length);
                turn.Charge(batch.Length);
            }
        }

        return logits;
    }

    /// <summary>Score of each label.</summary>
    public double[] Score(ReadOnlySpan<float> logits) => Array.ConvertAll(ScoresOf(logits), score => (double)score);

    /// <summary>The labels with the highest scores, best first; of equal scores the lower index first.</summary>
    public IReadOnlyList<PictureLabel> Rank(ReadOnlySpan<float> logits, int most) =>
    [
        .. ScoresOf(logits).Index().OrderByDescending(score => score.Item).Take(most)
            .Select(score => new PictureLabel(score.Index, Labels[score.Index], score.Item)),
    ];

    public void Dispose() => _session.Dispose();

    private float[] ScoresOf(ReadOnlySpan<float> logits) =>
        Classification.Independent ? LabelScores.Sigmoid(logits) : LabelScores.Softmax(logits);

    private float[][] Run(IReadOnlyList<byte[]> fitted)
    {
        using var options = new RunOptions();
        return _run.Run(fitted, options);
    }
}

/// <summary>A label of a picture.</summary>
/// <param name="Score">0 to 1.</param>
internal sealed record PictureLabel(int Index, string Label, float Score);
