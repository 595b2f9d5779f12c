using System.Text;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;
using Tollgate.Inference.Prompts;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>A loaded decoder: the session, and all that turns messages into ids and ids into text. The scheduler drives the
/// session.</summary>
/// <remarks>The graph's inputs and outputs are described at <see cref="DecoderGraph"/>. Thread-safe but for disposal.</remarks>
public sealed class DecoderModel : IDisposable
{
    private readonly HashSet<int> _eosIds;

    private readonly ChatPrompt? _chat;

    private DecoderModel(
        InstalledModel installed, ModelDecoder shape, InferenceSession session, ITokenizer tokenizer, ChatPrompt? chat,
        PromptMeasure measure)
    {
        Installed = installed;
        Shape = shape;
        Session = session;
        Tokenizer = tokenizer;
        _chat = chat;
        Measure = measure;
        Marks = installed.Manifest.Tokenizer!;
        Infill = InfillMarks.Find(tokenizer);
        _eosIds = [.. Marks.EosIds];
        CallMarks = chat is null ? new Dictionary<int, byte[]>() : FindMarks(chat.Tools.Syntax.Marks, tokenizer);
        HasTokensPastBeginning = chat is not null
            && Enumerable.Range(0, tokenizer.VocabularySize).Any(token => chat.Tools.Syntax.GoesPastBeginning(tokenizer.TokenBytes(token)));
    }

    public InstalledModel Installed { get; }

    public ModelManifest Manifest => Installed.Manifest;

    public InferenceSession Session { get; }

    public ITokenizer Tokenizer { get; }

    /// <summary>The ids that begin and end texts.</summary>
    public ModelTokenizer Marks { get; }

    /// <summary>The tokens around the texts before and after a gap; null for a model that was not trained to fill gaps.</summary>
    internal InfillMarks? Infill { get; }

    /// <summary>False for a model without a chat template: it serves completions only.</summary>
    public bool CanChat => _chat is not null;

    /// <summary>What the tokenizer and the chat template add to a prompt at most.</summary>
    public PromptMeasure Measure { get; }

    /// <summary>Control tokens that mark calls, with their text: they are read where a request has functions.</summary>
    internal IReadOnlyDictionary<int, byte[]> CallMarks { get; }

    /// <summary>Whether a token holds the beginning of a call and more.</summary>
    internal bool HasTokensPastBeginning { get; }

    /// <summary>Layers, key-value heads and their width: the shape of the cache.</summary>
    public ModelDecoder Shape { get; }

    /// <summary>Prompt and output together, tokens.</summary>
    public int ContextLength => Manifest.Limits.ContextLength;

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a decoder.</exception>
    public static async Task<DecoderModel> LoadAsync(
        InstalledModel installed, SessionFactory sessions, TimeProvider clock, CancellationToken cancellationToken)
    {
        var manifest = installed.Manifest;
        var shape = ModelDecoder.Of(manifest)
            ?? throw new ModelImportException($"The model '{manifest.Name}' {manifest.Version} is not a decoder.");

        await ModelStore.VerifyAsync(installed, cancellationToken);
        var tokenizer = TokenizerFile.Load(installed);
        if (tokenizer.VocabularySize > shape.Vocabulary)
        {
            throw new ModelImportException(
                $"The tokenizer of '{manifest.Name}' knows {tokenizer.VocabularySize} tokens, the graph {shape.Vocabulary}.");
        }

        var chat = manifest.Template is { } file
            ? ChatPrompt.Create(
                await File.ReadAllTextAsync(installed.PathOf(file), cancellationToken), tokenizer, manifest.Tokenizer!, clock)
            : null;
        var measure = new PromptMeasure(
            tokenizer.MostTokensPerByte, TextTokens: 1 + tokenizer.MostExtraTokens, IdTokens: 0,
            chat is null ? null : ChatMeasurement.Measure(chat, clock), ReadCompletions(manifest, chat));
        var session = sessions.OpenDecoder(installed.PathOf(manifest.Graph), shape.MostThreads);
        return new DecoderModel(installed, shape, session, tokenizer, chat, measure);
    }

    /// <summary>Whether the token ends an answer.</summary>
    public bool IsEnd(int id) => _eosIds.Contains(id);

    /// <summary>
    /// Ids of a raw prompt; control tokens written out in it are text. An empty prompt begins a document, as the model's own documents
    /// began.
    /// </summary>
    public List<int> EncodePrompt(string prompt, bool allowSpecial = false)
    {
        var ids = new List<int>();
        if (Marks is { AddBos: true, BosId: { } bos })
        {
            ids.Add(bos);
        }

        Tokenizer.Encode(prompt, allowSpecial, ids);
        return OrStart(ids);
    }

    /// <summary>Ids of the texts before and after a gap, for a model with <see cref="Infill"/>; control tokens written out in them are
    /// text.</summary>
    internal List<int> EncodeInfill(PromptInput prompt, string suffix)
    {
        var before = new List<int>();
        if (prompt.Text is { } text)
        {
            Infill!.EncodeText(text, before);
        }
        else
        {
            before.AddRange(prompt.TokenIds!);
        }

        var ids = new List<int>();
        if (Marks.BosId is { } bos && (prompt.Text is null ? before[0] == bos : Marks.AddBos))
        {
            ids.Add(bos);
            before.RemoveRange(0, prompt.Text is null ? 1 : 0); // Token ids that begin with BOS keep it first.
        }

        ids.AddRange([Infill!.Prefix, .. before, Infill.Suffix]);
        Infill.EncodeText(suffix, ids);
        ids.Add(Infill.Middle);
        return ids;
    }

    /// <summary>The tokenizer that writes the tokens of an answer.</summary>
    internal ITokenizer WriterFor(Sampling sampling) => sampling.SkipSpecialTokens ? Tokenizer : new WrittenSpecials(Tokenizer);

    /// <summary>Ids of a chat, up to where the assistant's answer begins. The text of a message never becomes a control token.</summary>
    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    /// <exception cref="TemplateException">The template fails, or refuses these messages.</exception>
    /// <exception cref="OperationCanceledException">The caller does not want the result any more.</exception>
    public List<int> EncodeChat(IReadOnlyList<TemplateMessage> messages, CancellationToken cancellationToken = default) =>
        EncodeChat(messages, [], cancellationToken);

    /// <param name="tools">Functions that the model may call.</param>
    public List<int> EncodeChat(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, CancellationToken cancellationToken = default) =>
        OrStart(Chat.Encode(messages, tools, cancellationToken));

    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    internal ChatPrompt Chat => _chat ?? throw new InvalidOperationException($"The model '{Manifest.Name}' has no chat template.");

    private List<int> OrStart(List<int> ids)
    {
        if (ids.Count == 0)
        {
            ids.Add(Marks.BosId ?? Marks.EosIds.DefaultIfEmpty(0).Min());
        }

        return ids;
    }

    private static Dictionary<int, byte[]> FindMarks(IEnumerable<string> texts, ITokenizer tokenizer)
    {
        var marks = new Dictionary<int, byte[]>();
        foreach (var text in texts)
        {
            var ids = new List<int>();
            tokenizer.Encode(text, allowSpecial: true, ids);
            if (ids.Count == 1 && tokenizer.IsSpecial(ids[0]))
            {
                marks[ids[0]] = Encoding.UTF8.GetBytes(text);
            }
        }

        return marks;
    }

    private static LegacyPrompts ReadCompletions(ModelManifest manifest, ChatPrompt? chat) => manifest.Completions switch
    {
        ModelCompletions.Raw => LegacyPrompts.Raw,
        ModelCompletions.Chat when chat is not null => LegacyPrompts.Chat,
        _ => throw new ModelImportException(
            $"The manifest of '{manifest.Name}' {manifest.Version} has completions: {manifest.Completions}; 'raw' is possible, and "
            + "'chat' for a model with a chat template."),
    };

    public void Dispose() => Session.Dispose();
}
