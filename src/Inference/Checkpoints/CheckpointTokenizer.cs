using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Checkpoints;

/// <summary>The tokenizer of a folder, and the tokens that begin and end its texts.</summary>
/// <param name="File">Contents of <c>tokenizer.json</c>.</param>
/// <param name="Start">Id and text of the token that begins texts; null where there is none.</param>
/// <param name="AddsStart">Whether a raw prompt begins with it.</param>
/// <param name="End">Id and text of the token that ends texts; null where none is named.</param>
internal sealed record CheckpointTokenizer(
    IFramedTokenizer Tokenizer, byte[] File, (int Id, string Text)? Start, bool AddsStart, (int Id, string Text)? End)
{
    private const string FileName = "tokenizer.json";
    private const int MostBytes = 64 << 20;

    /// <param name="settings">Contents of <c>tokenizer_config.json</c>; null where there is none.</param>
    /// <param name="start">Id of the token that begins texts by <c>config.json</c>; null where it names none.</param>
    /// <exception cref="ModelImportException">The file is missing or unsound, or asks for what is not supported.</exception>
    public static CheckpointTokenizer Read(CheckpointFolder folder, CheckpointConfig? settings, int? start)
    {
        var file = folder.Read(FileName, MostBytes) ?? throw new ModelImportException(
            $"There is no '{FileName}' in the folder"
            + (folder.Has("tokenizer.model") ? "; 'tokenizer.model' alone is not read: save the tokenizer with transformers." : "."));
        var tokenizer = TokenizerFile.ReadFramed(file);
        if (tokenizer.WordMark is null)
        {
            settings?.Require("add_prefix_space", false); // a tokenizer of bytes would put it where its file does not say
        }

        var (prefix, suffix) = (tokenizer.Frame.Prefix, tokenizer.Frame.Suffix);
        if (prefix.Count > 1 || (settings?.Flag("add_eos_token", suffix.Count > 0) ?? suffix.Count > 0))
        {
            throw new ModelImportException(
                "The tokenizer puts more than one token before every text, or one behind it ('add_eos_token', or the frame of "
                + $"'{FileName}'), which is not supported.");
        }

        int? framed = prefix.Count > 0 ? prefix[0] : null;
        var begins = FindMark(tokenizer, settings, "bos_token") ?? TextOf(start ?? framed);
        if (framed is not null && framed != begins?.Id)
        {
            throw new ModelImportException(
                $"'{FileName}' puts the token {framed} before every text; the token that begins texts is {begins?.Id}.");
        }

        return new CheckpointTokenizer(
            tokenizer, file, begins, settings?.Flag("add_bos_token", framed is not null) ?? framed is not null,
            FindMark(tokenizer, settings, "eos_token"));

        (int Id, string Text)? TextOf(int? id) =>
            id is { } known && known < tokenizer.VocabularySize ? (known, tokenizer.SpecialText(known)) : null;
    }

    /// <summary>How templates write a token; empty for one that is not special.</summary>
    public string TextOf(int id) => id == Start?.Id ? Start.Value.Text : id == End?.Id ? End.Value.Text : Tokenizer.SpecialText(id);

    /// <summary>A token that the settings name by its text, or by an object with the text.</summary>
    private static (int Id, string Text)? FindMark(IFramedTokenizer tokenizer, CheckpointConfig? settings, string name)
    {
        if (settings?.Find(name) is not { } value)
        {
            return null;
        }

        var text = value.ValueKind == System.Text.Json.JsonValueKind.Object ? settings.Part(name)!.Text("content") : settings.Text(name);
        var ids = new List<int>();
        tokenizer.Encode(text, allowSpecial: true, ids);
        return text is not null && ids.Count == 1 ? (ids[0], text) : throw new ModelImportException(
            $"'{name}' of 'tokenizer_config.json' is '{text}', which is no token of the tokenizer.");
    }
}
