using System.Text.Json;
using Tollgate.Inference.Graphs;
using Tollgate.Training.Evaluation;
using Tollgate.Training.Export;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Runs;

/// <summary>From a file of examples to a model that a worker serves.</summary>
public sealed class TrainingRun
{
    /// <summary>Name of the result in the output folder.</summary>
    public const string ResultName = "training.json";

    private const string VectorsName = "vectors";

    private readonly TrainingRequest _request;
    private readonly PreparedRun _run;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private long _vectorTokens;
    private long _trained;
    private long _durable;

    private TrainingRun(
        TrainingRequest request, PreparedRun run, IProgress<TrainingProgress>? progress, CancellationToken cancellation) =>
        (_request, _run, _progress, _cancellation) = (request, run, progress, cancellation);

    private bool IsHead => _run.Choice.Method == TrainingMethod.Head;

    private RowSet Set => _run.Division.Set;

    private TrainingSettings Settings => _request.Settings;

    private ulong Seed => (ulong)Settings.Seed;

    /// <summary>Trains, evaluates and writes the model. With the same files and settings it goes on from the last checkpoint of the work
    /// folder, and ends with the same bits.</summary>
    /// <exception cref="TrainingException">Files or settings do not fit together; the message states what to do.</exception>
    /// <exception cref="Inference.Models.ModelImportException">The base model cannot be trained.</exception>
    /// <exception cref="GradientException">The base model has an operator without a gradient.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled between two steps; a checkpoint was written.</exception>
    public static async Task<TrainingResult> RunAsync(
        TrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (Directory.Exists(request.Output) && Directory.EnumerateFileSystemEntries(request.Output).Any())
        {
            throw new TrainingException($"The output folder '{request.Output}' is not empty.");
        }

        progress?.Report(new("reading the files"));
        var run = await PreparedRun.ReadAsync(request, cancellationToken);
        Directory.CreateDirectory(request.WorkFolder);
        return await new TrainingRun(request, run, progress, cancellationToken).RunAsync();
    }

    /// <summary>Most tokens that a run would train: a function of files and settings.</summary>
    /// <inheritdoc cref="RunAsync(TrainingRequest, IProgress{TrainingProgress}?, CancellationToken)"/>
    public static async Task<long> BoundTokensAsync(TrainingRequest request, CancellationToken cancellationToken) =>
        (await PreparedRun.ReadAsync(request, cancellationToken)).TokenBound;

    private async Task<TrainingResult> RunAsync()
    {
        var baselines = new List<Baseline> { Majority() };
        var model = MakeModel(baselines);
        var loop = new TrainingLoop(
            model, Set, _run.Numbers, Settings, new Checkpoints(Path.Combine(_request.WorkFolder, "checkpoints"), _run.Key));
        using var trainer = loop.Run(step => Report(IsHead ? step with { ResumedTokens = null } : step), _cancellation);
        Report(new("evaluating"));
        var scores = loop.Predict(trainer, Set.HeldOut, _cancellation);
        var rows = Scored(scores);
        var served = model.ToServed(trainer);
        var graph = Settings.Int8 ? EightBitForm.Of(served) : served;
        var result = new TrainingResult
        {
            Method = _run.Choice.Method,
            Reason = _run.Choice.Reason,
            Hyperparameters = _run.Numbers,
            Rows = new PartSizes(Set.Train.Length, Set.Watch.Length, Set.HeldOut.Length),
            TrainedTokens = _trained,
            TokenBound = _run.TokenBound,
            Epochs = loop.Epochs,
            Evaluation = EvaluationReport.Of(rows, Set.Names, baselines, _run.Division.Checks, Seed),
            HeldOut = rows,
            Int8 = Settings.Int8 ? Compare(graph, served, scores) : null,
        };
        await WriteAsync(new ServedClassifier(graph, Set.Names, model.TokenizerFile, model.VocabularySize, _run.Tokens.MostTokens), result);
        return result;
    }

    /// <summary>The method's classifier; what it is compared with is added on the way.</summary>
    private ClassifierModel MakeModel(List<Baseline> baselines)
    {
        var tokens = _run.Tokens;
        if (_run.Choice.Method == TrainingMethod.Lstm)
        {
            if (tokens.Base is { } beside)
            {
                TrainHead(MakeHead(beside, PreparedTokens.Of(beside, Set, Settings).Rows), baselines);
            }

            return new LstmClassifier(tokens.Words!, tokens.Rows, Set.Names.Length, Seed, Settings.Threads);
        }

        var head = MakeHead(tokens.Base!, tokens.Rows);
        return _run.Choice.Method == TrainingMethod.Head
            ? head
            : new EncoderClassifier(tokens.Base!, tokens.Rows, TrainHead(head, baselines), Seed, Settings.Threads);
    }

    private HeadModel MakeHead(BaseModel from, int[][] rows)
    {
        var (trained, isFirst) = (Set.Train.ToHashSet(), true);
        var vectors = SentenceVectors.Of(
            from, rows, Path.Combine(_request.WorkFolder, VectorsName), Settings.Threads, OnRows, _cancellation);
        return new HeadModel(from, rows, vectors, Set, Settings.Threads);

        void OnRows(IEnumerable<int> done)
        {
            _vectorTokens += done.Where(trained.Contains).Sum(row => (long)rows[row].Length);
            Report(new("computing the vectors of the texts") { ResumedTokens = isFirst && IsHead ? _vectorTokens : null });
            isFirst = false;
        }
    }

    private LinearHead TrainHead(HeadModel head, List<Baseline> baselines)
    {
        Report(new("training the linear layer"));
        var numbers = Hyperparameters.Of(TrainingMethod.Head, Set.Train.Length, epochs: null, batchSize: null, multiplier: null);
        var loop = new TrainingLoop(head, Set, numbers, Settings, checkpoints: null);
        using var trainer = loop.Run(onProgress: null, _cancellation);
        baselines.Add(BaselineOf("linear head", Scored(loop.Predict(trainer, Set.HeldOut, _cancellation))));
        return head.Layer(trainer);
    }

    private Baseline Majority()
    {
        var label = Set.Train.GroupBy(row => Set.Labels[row]).MaxBy(group => group.Count())!.Key;
        var always = Enumerable.Range(0, Set.Names.Length).Select(name => name == label ? 1.0 : 0).ToArray();
        return BaselineOf("majority", Scored([.. Set.HeldOut.Select(_ => always)]));
    }

    private Baseline BaselineOf(string name, ScoredRow[] rows)
    {
        var metrics = ClassificationMetrics.Of([.. rows.Select(row => (row.Label, row.Predicted))], Set.Names);
        return new Baseline(name, metrics.Accuracy, metrics.Macro.F1);
    }

    private ScoredRow[] Scored(double[][] scores) =>
    [
        .. Set.HeldOut.Select((row, i) => new ScoredRow(Set.Texts[row], _run.Division.Lines[row], Set.Labels[row], scores[i])),
    ];

    private ParityReport Compare(ModelGraph graph, ModelGraph trained, double[][] scores)
    {
        using var predictor = new ServedPredictor(graph, Settings.Threads);
        var others = predictor.Score([.. Set.HeldOut.Select(row => _run.Tokens.Rows[row])]);
        var (rows, answers) = (Scored(scores), Scored(others));
        return new ParityReport(
            others.Zip(scores, (one, other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Max()).DefaultIfEmpty(0).Max(),
            rows.Zip(answers, (one, other) => one.Predicted != other.Predicted).Count(differs => differs),
            answers.Count(row => row.IsRight) / (double)Math.Max(1, answers.Length),
            graph.ToModel().LongLength, trained.ToModel().LongLength);
    }

    private async Task WriteAsync(ServedClassifier classifier, TrainingResult result)
    {
        var draft = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(_request.Output))}.new";
        if (Directory.Exists(draft))
        {
            Directory.Delete(draft, recursive: true);
        }

        Directory.CreateDirectory(draft);
        await classifier.WriteAsync(draft, _run.Choice.Method == TrainingMethod.Lstm ? "Lstm" : "Bert", _cancellation);
        var json = JsonSerializer.SerializeToUtf8Bytes(result, TrainingJson.Default.TrainingResult);
        await File.WriteAllBytesAsync(Path.Combine(draft, ResultName), json, _cancellation);
        if (Directory.Exists(_request.Output))
        {
            Directory.Delete(_request.Output);
        }

        Directory.Move(draft, _request.Output);
    }

    /// <summary>Reports with the tokens of the method. A linear layer goes over vectors: their tokens were read once, when they were
    /// computed, and are durable with them.</summary>
    private void Report(TrainingProgress progress)
    {
        _trained = IsHead ? _vectorTokens : Math.Max(_trained, progress.TrainedTokens);
        _durable = IsHead ? _vectorTokens : Math.Max(_durable, progress.DurableTokens);
        _progress?.Report(progress with
        {
            TokenBound = _run.TokenBound,
            TrainedTokens = _trained,
            DurableTokens = _durable,
        });
    }
}
