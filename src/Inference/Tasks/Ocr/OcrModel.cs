using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A loaded model that reads text. Thread-safe; an organization's turns go one at a time, two organizations' at once.</summary>
internal sealed class OcrModel : IDisposable
{
    /// <summary>Most pieces of text in a picture: the search ends there.</summary>
    public const int MostLines = 1000;

    /// <summary>Columns of lines that are read in one run, so that no turn is long.</summary>
    private const int ColumnsPerRun = 2560;

    private const int LinesPerClassification = 32;

    /// <summary>Probability from which a line is also read upside down.</summary>
    private const float UpsideDown = 0.9f;

    /// <summary>As <see cref="PictureRun.PixelsPerCharge"/>, of pixels that are searched for text.</summary>
    private const int SearchedPixelsPerCharge = 100_000;

    /// <summary>The same of columns that are read.</summary>
    private const int ColumnsPerCharge = 320;

    private readonly OcrSessions _sessions;

    private OcrModel(InstalledModel installed, OcrSessions sessions, FairTurns turns) =>
        (Installed, _sessions, Turns) = (installed, sessions, turns);

    public InstalledModel Installed { get; }

    /// <summary>Who runs next.</summary>
    public FairTurns Turns { get; }

    /// <summary>Verifies the version's files, loads them and runs them once.</summary>
    /// <exception cref="ModelImportException">The version is damaged, of another task, or its dictionary is that of another
    /// model.</exception>
    public static async Task<OcrModel> LoadAsync(
        InstalledModel installed, SessionFactory sessions, QuietOrganizations quiet, QueueOptions queue,
        CancellationToken cancellationToken)
    {
        var ocr = ModelOcr.Of(installed.Manifest)
            ?? throw new ModelImportException($"The model '{installed.Manifest.Name}' {installed.Manifest.Version} reads no text.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        var places = new QueuePlaces(queue.QueueLength, queue.QueueLengthPerOrganization);
        var opened = OcrSessions.Open(ocr, installed.PathOf, sessions);
        try
        {
            await Task.Run(() => opened.Try(cancellationToken), cancellationToken);
            return new OcrModel(installed, opened, new FairTurns(places, quiet, TimeProvider.System));
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    /// <remarks>The largest picture's memory is given back, as after a request.</remarks>
    public Task WarmUpAsync(CancellationToken cancellationToken) => WarmUpRun.RunAsync(
        options =>
        {
            var line = new TextCrop(
                new byte[Picture.BytesPerPixel * TextRecognizer.LeastWidth * _sessions.Recognizer.Rows], TextRecognizer.LeastWidth,
                _sessions.Recognizer.Rows);
            int[] counts = Installed.Manifest.Batching ? [1, ColumnsPerRun / TextRecognizer.LeastWidth] : [1];
            foreach (var count in counts)
            {
                _sessions.Recognizer.Read([.. Enumerable.Repeat(line, count)], options);
            }

            _sessions.Directions?.Classify([.. Enumerable.Repeat(line, LinesPerClassification)], options);
            using var picture = WarmUpPicture.Decode();
            ShrinkMemory(options);
            _sessions.Detector.Find(picture, MostLines, options);
            const int side = TextDetector.LargestSide;
            _sessions.Detector.Run(new float[3 * side * side], side, side, options);
        },
        cancellationToken);

    /// <summary>Decodes a picture, finds its text and cuts it out, in one turn, so that few pictures are in memory at once.</summary>
    /// <returns>The lines, or the refusal of a picture that cannot be decoded or has too many lines.</returns>
    /// <exception cref="DisplacedException">The place was given to another organization's request.</exception>
    /// <exception cref="ModelRunException">The model fails.</exception>
    public async Task<OrRefusal<FoundText>> FindAsync(PictureInput input, FairTurns.Place place, CancellationToken cancellationToken)
    {
        using var turn = await place.TakeTurnAsync(cancellationToken);
        turn.Charge(1 + (int)(input.Header.Pixels / PictureRun.PixelsPerCharge));
        turn.Charge(TextDetector.PixelsFor(input.Header.Pixels) / SearchedPixelsPerCharge);
        return await Task.Run(() => Find(input), CancellationToken.None);
    }

    /// <summary>Reads lines, those of about one width in one run.</summary>
    /// <returns>The lines that have text, in the order of reading.</returns>
    /// <exception cref="ModelRunException">The model fails.</exception>
    public async Task<IReadOnlyList<OcrLine>> ReadAsync(FoundText found, FairTurns.Place place, CancellationToken cancellationToken)
    {
        var upright = await TurnAsync(found.Lines, place, cancellationToken);
        var recognizer = _sessions.Recognizer;
        foreach (var width in upright.SelectMany(line => line.Pieces).GroupBy(piece => recognizer.PaddedWidthOf(piece.Crop)))
        {
            var perRun = Installed.Manifest.Batching ? Math.Max(ColumnsPerRun / width.Key, 1) : 1;
            foreach (var pieces in width.Chunk(perRun))
            {
                using var turn = await place.TakeTurnAsync(cancellationToken);
                turn.Charge((width.Key * pieces.Length / ColumnsPerCharge) + 1);
                await Task.Run(() => Read(pieces), CancellationToken.None);
            }
        }

        return ReadingOrder.Sort(
        [
            .. upright.GroupBy(line => line.Line)
                .Select(ways => ways.Select(way => (Way: way, Reading: way.Read())).MaxBy(way => way.Reading.Confidence))
                .Select(best => LineWriter.Write(best.Way.Line.Quad, best.Way.Turn, best.Way.Crop, best.Reading))
                .OfType<OcrLine>(),
        ]);
    }

    public void Dispose() => _sessions.Dispose();

    /// <summary>Gives the memory of a run back after it. Else a large picture's would stay for ever.</summary>
    private static void ShrinkMemory(RunOptions options) =>
        options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");

    private OrRefusal<FoundText> Find(PictureInput input)
    {
        using var picture = PictureDecoder.Decode(input.File.Span, input.Header);
        if (picture is null)
        {
            return OpenAiError.DamagedPicture(input.Param);
        }

        using var options = new RunOptions();
        ShrinkMemory(options);
        var pieces = _sessions.Detector.Find(picture, MostLines + 1, options);
        if (pieces.Count > MostLines)
        {
            return OpenAiError.TooMuchText(input.Param, MostLines);
        }

        return new FoundText(
            picture.Width, picture.Height, FoundLine.Cut(picture, TextFragments.Join(pieces), _sessions.Recognizer.Rows));
    }

    /// <summary>Every way in which each line may be upright.</summary>
    private async Task<List<UprightLine>> TurnAsync(
        IReadOnlyList<FoundLine> lines, FairTurns.Place place, CancellationToken cancellationToken)
    {
        var ways = new List<UprightLine>();
        foreach (var some in lines.Chunk(LinesPerClassification))
        {
            using var turn = _sessions.Directions is null ? null : await place.TakeTurnAsync(cancellationToken);
            turn?.Charge(1 + (some.Length / 4));
            ways.AddRange(await Task.Run(() => Turn(some), CancellationToken.None));
        }

        return ways;
    }

    private List<UprightLine> Turn(FoundLine[] lines)
    {
        using var options = new RunOptions();
        var scores = _sessions.Directions?.Classify([.. lines.Select(line => line.Crop)], options);
        return [.. lines.SelectMany((line, i) => UprightLine.Of(line, scores?[i] >= UpsideDown))];
    }

    private void Read(LinePiece[] pieces)
    {
        using var options = new RunOptions();
        var readings = _sessions.Recognizer.Read([.. pieces.Select(piece => piece.Crop)], options);
        for (var i = 0; i < pieces.Length; i++)
        {
            pieces[i].Reading = readings[i];
        }
    }
}
