using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;
using Tollgate.Inference.Prompts;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Prompts;

/// <summary>Chat templates over tiny-assistant's tokenizer.</summary>
internal static class TinyChat
{
    private static readonly Lazy<BpeTokenizer> Vocabulary = new(Read);

    public static BpeTokenizer Tokenizer => Vocabulary.Value;

    public static ChatPrompt Create(string template) => ChatPrompt.Create(
        template, Tokenizer,
        new ModelTokenizer { Kind = TokenizerFile.Bpe, File = "tokenizer.json", BosText = "<|im_start|>", EosText = "<|endoftext|>" },
        TimeProvider.System);

    private static BpeTokenizer Read()
    {
        using var file = GgufFile.Open(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        return new BpeTokenizer(GgufVocabulary.Read(file.Metadata, new DecoderWeights(file).Shape.Vocabulary));
    }
}
