using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks;

/// <summary>An ONNX graph that reads tokens, and its WordPiece <c>tokenizer.json</c>: copied into a draft as they are, after checks. What
/// the graph computes is for the task to try.</summary>
internal sealed class EncoderFiles
{
    /// <summary>Name of the graph in a version's folder.</summary>
    public const string GraphName = "model.onnx";

    private const string TokenizerName = "tokenizer.json";
    private const long MostBytes = 2_000_000_000;

    /// <summary>How long the runs of a trial may take together.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(30);

    private readonly string _graph;

    private EncoderFiles(string graph, OnnxInspection inspection, WordPieceTokenizer tokenizer) =>
        (_graph, Inspection, Tokenizer) = (graph, inspection, tokenizer);

    public OnnxInspection Inspection { get; }

    public WordPieceTokenizer Tokenizer { get; }

    /// <summary>The tokenizer as a manifest names it.</summary>
    public static ModelTokenizer ManifestTokenizer => new() { Kind = TokenizerFile.WordPiece, File = TokenizerName };

    /// <summary>Inspects and copies the files.</summary>
    /// <param name="path">The graph; files of weights lie beside it.</param>
    /// <param name="tokenizerFile">The tokenizer; null for the one beside the graph.</param>
    /// <param name="check">Refuses a graph of another task.</param>
    /// <exception cref="ModelImportException">A file is missing, unsound or not supported.</exception>
    public static async Task<EncoderFiles> TakeAsync(
        string path, string? tokenizerFile, ModelDraft draft, Action<OnnxInspection> check, CancellationToken cancellationToken)
    {
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new ModelImportException("The ONNX file is larger than 2 GB; weights of that size belong in a file beside it.");
        }

        // The bytes that were inspected are the ones that are installed: the file may change in between.
        var model = await File.ReadAllBytesAsync(path, cancellationToken);
        var inspection = OnnxInspection.Read(model);
        CheckOperators(inspection);
        check(inspection);
        var source = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var tokenizer = await TakeTokenizerAsync(tokenizerFile ?? Path.Combine(source, TokenizerName), draft, cancellationToken);
        var graph = Path.Combine(draft.Folder, GraphName);
        await File.WriteAllBytesAsync(graph, model, cancellationToken);
        foreach (var (file, bytes) in inspection.ExternalFiles)
        {
            TakeWeights(source, file, bytes, draft);
        }

        return new EncoderFiles(graph, inspection, tokenizer);
    }

    /// <summary>Opens the graph and checks its inputs.</summary>
    /// <exception cref="ModelImportException">It wants other inputs than token ids, a mask and token types.</exception>
    public InferenceSession Open(SessionFactory sessions)
    {
        var session = sessions.Open(_graph);
        try
        {
            CheckInputs(session);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>A text as the model reads it, with the tokens that frame it.</summary>
    public EncoderRow Encode(string text)
    {
        List<int> ids = [.. Tokenizer.Prefix];
        Tokenizer.Encode(text, allowSpecial: false, ids);
        return new EncoderRow([.. ids, .. Tokenizer.Suffix]);
    }

    /// <summary>Runs the graph for a trial, which ends in time: a graph may hold a loop without end.</summary>
    /// <exception cref="ModelImportException">The graph fails.</exception>
    public static void Try(Action<RunOptions> trial, CancellationToken cancellationToken)
    {
        using var run = new RunOptions();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stop = limit.Token.Register(() => run.Terminate = true);
        limit.CancelAfter(LongestTrial);
        try
        {
            trial(run);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or InvalidOperationException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ModelImportException($"The model fails on a short sentence: {exception.Message}", exception);
        }
    }

    private static void CheckOperators(OnnxInspection inspection)
    {
        var foreign = inspection.Domains.FirstOrDefault(d => d is not ("" or "ai.onnx" or "ai.onnx.ml" or "com.microsoft"));
        if (foreign is not null)
        {
            throw new ModelImportException($"The model uses operators of the domain '{foreign}', which ONNX Runtime does not have.");
        }
    }

    private static async Task<WordPieceTokenizer> TakeTokenizerAsync(string file, ModelDraft draft, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            throw new ModelImportException($"There is no tokenizer '{file}'; name it with --tokenizer FILE.");
        }

        var json = await File.ReadAllBytesAsync(file, cancellationToken);
        var tokenizer = TokenizerFile.ReadWordPiece(json);
        await File.WriteAllBytesAsync(Path.Combine(draft.Folder, TokenizerName), json, cancellationToken);
        return tokenizer;
    }

    /// <summary>Copies a file of weights; only a plain name beside the model is followed.</summary>
    private static void TakeWeights(string folder, string file, long leastBytes, ModelDraft draft)
    {
        var source = Path.Combine(folder, file);
        if (!ModelName.IsValid(file) || file is GraphName or TokenizerName or ModelManifest.FileName)
        {
            throw new ModelImportException($"The model keeps weights in '{file}', which is not a plain lower-case file name beside it.");
        }

        if (!File.Exists(source) || new FileInfo(source).LinkTarget is not null)
        {
            throw new ModelImportException($"The file of weights '{file}' is not beside the model.");
        }

        if (new FileInfo(source).Length < leastBytes)
        {
            throw new ModelImportException(
                $"The file of weights '{file}' is shorter than the {leastBytes} bytes that the model uses of it.");
        }

        File.Copy(source, Path.Combine(draft.Folder, file));
    }

    private static void CheckInputs(InferenceSession session)
    {
        var inputs = session.InputMetadata;
        var unknown = inputs.Keys.FirstOrDefault(n => n is not ("input_ids" or "attention_mask" or "token_type_ids"));
        if (unknown is not null || !inputs.ContainsKey("input_ids") || !inputs.ContainsKey("attention_mask"))
        {
            throw new ModelImportException(
                $"The model's inputs are {string.Join(", ", inputs.Keys)}; supported are input_ids, attention_mask and token_type_ids.");
        }

        if (inputs.FirstOrDefault(i => i.Value.ElementType != typeof(long)) is { Key: { } other })
        {
            throw new ModelImportException($"The model's input '{other}' is not int64.");
        }
    }
}
