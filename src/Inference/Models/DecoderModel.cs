using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Import;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Models;

/// <summary>A loaded decoder: the session, and all that turns messages into ids and ids
/// into text. The scheduler drives the session.</summary>
/// <remarks>The graph's inputs and outputs are described at <see cref="LlamaGraph"/>. Thread-safe but for disposal.</remarks>
public sealed class DecoderModel : IDisposable
{
    private readonly HashSet<int> _eosIds;

    private DecoderModel(InstalledModel installed, InferenceSession session, ITokenizer tokenizer, ChatTemplate? template)
    {
        Installed = installed;
        Session = session;
        Tokenizer = tokenizer;
        Template = template;
        _eosIds = [.. installed.Manifest.Tokenizer.EosIds];
    }

    public InstalledModel Installed { get; }

    public ModelManifest Manifest => Installed.Manifest;

    public InferenceSession Session { get; }

    public ITokenizer Tokenizer { get; }

    /// <summary>Null for a model without one: it serves completions only.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>Layers, key-value heads and their width: the shape of the cache.</summary>
    public ModelDecoder Shape => Manifest.Decoder!;

    /// <summary>Prompt and output together, tokens.</summary>
    public int ContextLength => Manifest.Limits.ContextLength;

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a decoder.</exception>
    public static async Task<DecoderModel> LoadAsync(
        InstalledModel installed, SessionFactory sessions, TimeProvider clock, CancellationToken cancellationToken)
    {
        var manifest = installed.Manifest;
        if (manifest.Decoder is null)
        {
            throw new ModelImportException($"The model '{manifest.Name}' {manifest.Version} is not a decoder.");
        }

        await ModelStore.VerifyAsync(installed, cancellationToken);
        var tokenizer = TokenizerFile.Load(installed);
        if (tokenizer.VocabularySize > manifest.Decoder.Vocabulary)
        {
            throw new ModelImportException(
                $"The tokenizer of '{manifest.Name}' knows {tokenizer.VocabularySize} tokens, the graph {manifest.Decoder.Vocabulary}.");
        }

        var template = manifest.Template is { } file
            ? ParseTemplate(await File.ReadAllTextAsync(installed.PathOf(file), cancellationToken), clock)
            : null;
        return new DecoderModel(installed, sessions.Open(installed.PathOf(manifest.Graph)), tokenizer, template);
    }

    /// <summary>Whether the token ends an answer.</summary>
    public bool IsEnd(int id) => _eosIds.Contains(id);

    /// <summary>Ids of a raw prompt; control tokens written out in it are text.</summary>
    public List<int> EncodePrompt(string prompt, bool allowSpecial = false)
    {
        var ids = new List<int>();
        if (Manifest.Tokenizer is { AddBos: true, BosId: { } bos })
        {
            ids.Add(bos);
        }

        Tokenizer.Encode(prompt, allowSpecial, ids);
        return ids;
    }

    /// <summary>Ids of a chat, up to where the assistant's answer begins. What a message says never becomes a control token.</summary>
    /// <exception cref="TemplateException">There is no template, or it refuses these messages.</exception>
    /// <exception cref="OperationCanceledException">The caller does not want the result any more.</exception>
    public List<int> EncodeChat(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default)
    {
        if (Template is null)
        {
            throw new TemplateException($"The model '{Manifest.Name}' has no chat template.");
        }

        var ids = new List<int>();
        Tokenizer.Encode(
            Template.RenderSegments(
                messages, addGenerationPrompt: true, Manifest.Tokenizer.BosText, Manifest.Tokenizer.EosText, cancellationToken),
            ids);
        return ids;
    }

    private static ChatTemplate ParseTemplate(string source, TimeProvider clock)
    {
        try
        {
            return ChatTemplate.Parse(source, clock);
        }
        catch (TemplateException exception)
        {
            throw new ModelImportException($"The chat template cannot be used: {exception.Message}", exception);
        }
    }

    public void Dispose() => Session.Dispose();
}
