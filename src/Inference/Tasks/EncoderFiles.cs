using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks;

/// <summary>An ONNX graph that reads tokens, and its <c>tokenizer.json</c>: copied into a draft as they are, after
/// checks. What the graph computes is for the task to try.</summary>
internal sealed class EncoderFiles
{
    /// <summary>Name of the graph in a version's folder.</summary>
    public const string GraphName = OnnxGraphFile.UsualName;

    private const string TokenizerName = "tokenizer.json";

    /// <summary>Longer rows are not tried: attention takes memory by the square of the length.</summary>
    private const int LongestTried = 1024;

    /// <summary>Rows in a RoBERTa's table of positions that no text uses: it begins after the id of padding, which is 1.</summary>
    private const int UnusedPositions = 2;

    /// <summary>How long the runs of a trial may take together.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(30);

    private readonly string _graph;

    private EncoderFiles(string graph, OnnxInspection inspection, IFramedTokenizer tokenizer) =>
        (_graph, Inspection, Tokenizer) = (graph, inspection, tokenizer);

    public OnnxInspection Inspection { get; }

    public IFramedTokenizer Tokenizer { get; }

    /// <summary>The tokenizer as a manifest names it.</summary>
    public static ModelTokenizer ManifestTokenizer => new()
    {
        Kind = TokenizerFile.HuggingFace, File = TokenizerName,
    };

    /// <summary>Whether a tokenizer lies beside a graph.</summary>
    public static bool HasTokenizer(string graph) =>
        File.Exists(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(graph))!, TokenizerName));

    /// <summary>Inspects and copies the files.</summary>
    /// <param name="path">The graph; files of weights lie beside it.</param>
    /// <param name="tokenizerFile">The tokenizer; null for the one beside the graph.</param>
    /// <param name="check">Refuses a graph of another task.</param>
    /// <exception cref="ModelImportException">A file is missing, unsound or not supported.</exception>
    public static async Task<EncoderFiles> TakeAsync(
        string path, string? tokenizerFile, ModelDraft draft, Action<OnnxInspection> check, CancellationToken cancellationToken)
    {
        var file = await OnnxGraphFile.ReadAsync(path, cancellationToken);
        check(file.Inspection);
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, TokenizerName);
        var tokenizer = await TakeTokenizerAsync(tokenizerFile ?? beside, draft, cancellationToken);
        await file.CopyAsync(draft.Folder, GraphName, [TokenizerName], cancellationToken);
        return new EncoderFiles(Path.Combine(draft.Folder, GraphName), file.Inspection, tokenizer);
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
        List<int> ids = [.. Tokenizer.Frame.Prefix];
        Tokenizer.Encode(text, allowSpecial: false, ids);
        return new EncoderRow([.. ids, .. Tokenizer.Frame.Suffix]);
    }

    /// <summary>The longest row that the graph runs, tokens.</summary>
    /// <param name="context">What the model's files state.</param>
    /// <exception cref="ModelImportException">It does not run rows of that length, nor those of a RoBERTa.</exception>
    public int FindContext(InferenceSession session, string output, int context, CancellationToken cancellationToken)
    {
        if (context > LongestTried)
        {
            return context;
        }

        try
        {
            TryLength(session, output, context, cancellationToken);
            return context;
        }
        catch (ModelImportException) when (context > UnusedPositions)
        {
            TryLength(session, output, context - UnusedPositions, cancellationToken);
            return context - UnusedPositions;
        }
    }

    /// <summary>Runs the graph for a trial, which ends in time: a graph may hold a loop without end.</summary>
    /// <param name="what">What it is tried with, for the refusal.</param>
    /// <exception cref="ModelImportException">The graph fails.</exception>
    public static void Try(Action<RunOptions> trial, CancellationToken cancellationToken, string what = "a short sentence")
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
            throw new ModelImportException($"The model fails on {what}: {exception.Message}", exception);
        }
    }

    private void TryLength(InferenceSession session, string output, int length, CancellationToken cancellationToken)
    {
        var row = new EncoderRow([.. Enumerable.Repeat(Tokenizer.Cut("a").FirstOrDefault(), length)]);
        Try(
            run => new EncoderGraph(session, output).Run([row], (_, _) => { }, run), cancellationToken,
            $"a row of {length} tokens, the longest that its files promise");
    }

    private static async Task<IFramedTokenizer> TakeTokenizerAsync(string file, ModelDraft draft, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            throw new ModelImportException($"There is no tokenizer '{file}'; name it with --tokenizer FILE.");
        }

        var json = await File.ReadAllBytesAsync(file, cancellationToken);
        var tokenizer = TokenizerFile.ReadFramed(json);
        await File.WriteAllBytesAsync(Path.Combine(draft.Folder, TokenizerName), json, cancellationToken);
        return tokenizer;
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
