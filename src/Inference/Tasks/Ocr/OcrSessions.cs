using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>The open graphs of a model. Thread-safe but for its disposal.</summary>
internal sealed class OcrSessions : IDisposable
{
    private const int TrialWidth = 320;

    /// <summary>Difference between a line alone and beside another that still counts as the same result.</summary>
    private const float BatchingTolerance = 1e-4f;

    /// <summary>How long a trial may take.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(60);

    private readonly InferenceSession[] _sessions;

    private OcrSessions(InferenceSession[] sessions, OcrDictionary dictionary, int rows)
    {
        _sessions = sessions;
        Detector = new TextDetector(sessions[0]);
        Recognizer = new TextRecognizer(sessions[1], dictionary, rows);
        Directions = sessions.Length > 2 ? new DirectionClassifier(sessions[2]) : null;
    }

    public TextDetector Detector { get; }

    public TextRecognizer Recognizer { get; }

    /// <summary>Null where the model has no classifier: lines that are upside down are not found.</summary>
    public DirectionClassifier? Directions { get; }

    /// <summary>Opens the graphs and reads the dictionary.</summary>
    /// <param name="pathOf">Where a file of the model is.</param>
    /// <exception cref="ModelImportException">ONNX Runtime refuses a graph, a graph has other inputs or outputs, or the dictionary is that
    /// of another model.</exception>
    public static OcrSessions Open(ModelOcr ocr, Func<string, string> pathOf, SessionFactory factory)
    {
        var dictionary = OcrDictionary.Read(File.ReadAllBytes(pathOf(ocr.Dictionary)));
        var opened = new List<InferenceSession>();
        try
        {
            foreach (var (graph, rows) in new[] { (ocr.Detection, -1), (ocr.Recognition, ocr.Rows), (ocr.Direction, -1) })
            {
                if (graph is not null)
                {
                    opened.Add(factory.Open(pathOf(graph)));
                    CheckTensors(graph, opened[^1], rows);
                }
            }

            CheckDictionary(opened[1], dictionary);
            return new OcrSessions([.. opened], dictionary, ocr.Rows);
        }
        catch
        {
            opened.ForEach(session => session.Dispose());
            throw;
        }
    }

    /// <summary>Runs every graph once. Returns whether lines that share a run are read as alone.</summary>
    /// <exception cref="ModelImportException">A graph fails, or its outputs are not those of its task.</exception>
    public bool Try(CancellationToken cancellationToken)
    {
        using var options = new RunOptions();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stop = limit.Token.Register(() => options.Terminate = true); // A graph may hold a loop without end.
        limit.CancelAfter(LongestTrial);
        var graph = "detection";
        try
        {
            Detector.Run(new float[3 * TextDetector.Step * TextDetector.Step], TextDetector.Step, TextDetector.Step, options);
            graph = "direction";
            Directions?.Classify([new TextCrop(new byte[4 * 48 * 192], 192, 48)], options);
            graph = "recognition";
            var numbers = 3 * Recognizer.Rows * TrialWidth;
            var dark = Enumerable.Repeat(-1f, numbers).ToArray();
            var striped = Enumerable.Range(0, numbers).Select(i => (i * 7 % 256 / 127.5f) - 1).ToArray();
            float[][] alone = [Recognizer.Run(dark, 1, TrialWidth, options), Recognizer.Run(striped, 1, TrialWidth, options)];
            return !Recognizer.ReadsOneLine && alone[0].Concat(alone[1])
                .Zip(Recognizer.Run([.. dark, .. striped], 2, TrialWidth, options))
                .All(pair => Math.Abs(pair.First - pair.Second) <= BatchingTolerance);
        }
        catch (ModelRunException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ModelImportException($"The {graph} model fails on a trial: {exception.Message}", exception);
        }
    }

    public void Dispose()
    {
        foreach (var session in _sessions)
        {
            session.Dispose();
        }
    }

    private static void CheckTensors(string graph, InferenceSession session, int rows)
    {
        if (session.InputMetadata.Count != 1 || session.OutputMetadata.Count != 1
            || session.InputMetadata.Values.Single() is not { } input || input.ElementType != typeof(float)
            || input.Dimensions is not [-1 or 1, 3, var height, _] || (rows > 0 && height > 0 && height != rows)
            || session.OutputMetadata.Values.Single().ElementType != typeof(float))
        {
            throw new ModelImportException(
                $"'{graph}' has the inputs {Describe(session.InputMetadata)} and the outputs {Describe(session.OutputMetadata)}; supported "
                + "are the graphs of PaddleOCR: one float32 input, batch x 3 x height x width, and one float32 output.");
        }
    }

    private static string Describe(IReadOnlyDictionary<string, NodeMetadata> tensors) => string.Join(
        ", ", tensors.Select(tensor => $"{tensor.Key} ({string.Join(" x ", tensor.Value.Dimensions)})"));

    /// <summary>A dictionary of another model would give other characters, or none.</summary>
    private static void CheckDictionary(InferenceSession recognition, OcrDictionary dictionary)
    {
        if (recognition.OutputMetadata.Values.Single().Dimensions is not [_, _, var outputs] || outputs != dictionary.Outputs)
        {
            throw new ModelImportException(
                $"The dictionary has {dictionary.Outputs - 2} characters, with the blank and the space {dictionary.Outputs}, and the "
                + $"recognition model gives {Describe(recognition.OutputMetadata)}: the dictionary is that of another model.");
        }
    }
}
