using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Import;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Models;

/// <summary>A loaded decoder: the session, and all that turns messages into ids and ids into text. The scheduler drives the session.</summary>
/// <remarks>The graph's inputs and outputs are described at <see cref="LlamaGraph"/>. Thread-safe but for disposal.</remarks>
public sealed class DecoderModel : IDisposable
{
    private readonly HashSet<int> _eosIds;

    private DecoderModel(InstalledModel installed, InferenceSession session, ITokenizer tokenizer)
    {
        Installed = installed;
        Session = session;
        Tokenizer = tokenizer;
        _eosIds = [.. installed.Manifest.Tokenizer.EosIds];
    }

    public InstalledModel Installed { get; }

    public ModelManifest Manifest => Installed.Manifest;

    public InferenceSession Session { get; }

    public ITokenizer Tokenizer { get; }

    /// <summary>Layers, key-value heads and their width: the shape of the cache.</summary>
    public ModelDecoder Shape => Manifest.Decoder!;

    /// <summary>Prompt and output together, tokens.</summary>
    public int ContextLength => Manifest.Limits.ContextLength;

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a decoder.</exception>
    public static async Task<DecoderModel> LoadAsync(InstalledModel installed, SessionFactory sessions, CancellationToken cancellationToken)
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
            throw new ModelImportException($"The tokenizer of '{manifest.Name}' knows {tokenizer.VocabularySize} tokens, the graph {manifest.Decoder.Vocabulary}.");
        }

        return new DecoderModel(installed, sessions.Open(installed.PathOf(manifest.Graph)), tokenizer);
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

    public void Dispose() => Session.Dispose();
}
