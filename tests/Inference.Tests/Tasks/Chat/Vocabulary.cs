using System.Text;
using System.Text.Unicode;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>The tokens of tiny-assistant.</summary>
internal static class Vocabulary
{
    public static BpeTokenizer Tokenizer { get; } = Read();

    /// <summary>The ids of a text.</summary>
    public static int[] Encode(string text)
    {
        var ids = new List<int>();
        Tokenizer.Encode(text, allowSpecial: false, ids);
        return [.. ids];
    }

    /// <summary>A token as legacy completions write it.</summary>
    public static string Write(int id)
    {
        var bytes = Tokenizer.TokenBytes(id);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes)
            : "bytes:" + string.Concat(bytes.ToArray().Select(value => $"\\x{value:x2}"));
    }

    private static BpeTokenizer Read()
    {
        using var file = GgufFile.Open(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        return new BpeTokenizer(GgufVocabulary.Read(file.Metadata, 4096));
    }
}
